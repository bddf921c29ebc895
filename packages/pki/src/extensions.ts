import { type DerElement, DerReader, tags } from "./encoding/der.js";
import { type GeneralName, readGeneralName, readGeneralNames } from "./general-name.js";
import { extensionOids, type KeyUsage, keyUsageNames, understoodExtensions } from "./oids.js";

/** The issuer's key as the certificate names it (RFC 5280 section 4.2.1.1). */
export interface AuthorityKey {
  readonly keyId?: Buffer;
  readonly issuer?: readonly GeneralName[];
  readonly serial?: Buffer;
}

/** One subtree of a name constraint; `bounded` when it carries minimum or maximum, which no implementation supports. */
export interface NameSubtree {
  readonly base: GeneralName;
  readonly bounded: boolean;
}

/** RFC 5280 section 4.2.1.10. */
export interface NameConstraints {
  readonly permitted: readonly NameSubtree[];
  readonly excluded: readonly NameSubtree[];
}

/** The extensions of one certificate; a field is absent when its extension is. */
export interface Extensions {
  basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  keyUsage?: readonly KeyUsage[];
  extendedKeyUsage?: readonly string[];
  subjectKeyId?: Buffer;
  authorityKey?: AuthorityKey;
  subjectAltNames?: readonly GeneralName[];
  nameConstraints?: NameConstraints;
  /** Netscape certificate type: the bits of its first byte. */
  netscapeCertType?: number;
  unknownCritical: string[];
}

type Read = (extensions: Extensions, value: DerReader) => void;

/** One reader per extension: a new extension is a row here and a field above. */
const readers: Readonly<Record<string, { readonly what: string; readonly read: Read }>> = {
  [extensionOids.basicConstraints]: {
    what: "basic constraints extension",
    read: (extensions, value) => {
      const sequence = value.enter(tags.sequence);
      const ca = sequence.peek() === tags.boolean && sequence.boolean();
      const limit = sequence.peek() === tags.integer ? { pathLength: sequence.smallInteger() } : {};
      sequence.finish();
      extensions.basicConstraints = { ca, ...limit };
    },
  },
  [extensionOids.keyUsage]: {
    what: "key usage extension",
    read: (extensions, value) => {
      const bits = value.bits();
      const usages = keyUsageNames.filter((_, index) => hasBit(bits, index));
      if (usages.length === 0) throw value.error("allows nothing");
      extensions.keyUsage = usages;
    },
  },
  [extensionOids.extendedKeyUsage]: {
    what: "extended key usage extension",
    read: (extensions, value) => {
      const sequence = value.enter(tags.sequence);
      const usages: string[] = [];
      while (!sequence.done) usages.push(sequence.oid());
      extensions.extendedKeyUsage = usages;
    },
  },
  [extensionOids.subjectKeyIdentifier]: {
    what: "subject key identifier extension",
    read: (extensions, value) => {
      extensions.subjectKeyId = value.content(value.read(tags.octetString));
    },
  },
  [extensionOids.authorityKeyIdentifier]: {
    what: "authority key identifier extension",
    read: (extensions, value) => {
      extensions.authorityKey = readAuthorityKey(value.enter(tags.sequence));
    },
  },
  [extensionOids.subjectAltName]: {
    what: "subject alternative name extension",
    read: (extensions, value) => {
      extensions.subjectAltNames = readGeneralNames(value.enter(tags.sequence));
    },
  },
  [extensionOids.nameConstraints]: {
    what: "name constraints extension",
    read: (extensions, value) => {
      const sequence = value.enter(tags.sequence);
      const permitted = readSubtrees(sequence, sequence.optional(0xa0));
      const excluded = readSubtrees(sequence, sequence.optional(0xa1));
      sequence.finish();
      extensions.nameConstraints = { permitted, excluded };
    },
  },
  [extensionOids.crlDistributionPoints]: {
    what: "CRL distribution points extension",
    // Revocation is not checked. The extension is read because OpenSSL refuses a malformed one.
    read: (_, value) => {
      const points = value.enter(tags.sequence);
      while (!points.done) points.read(tags.sequence);
    },
  },
  [extensionOids.netscapeCertType]: {
    what: "Netscape certificate type extension",
    read: (extensions, value) => {
      extensions.netscapeCertType = value.bits()[1] ?? 0;
    },
  },
};

/**
 * Reads the Extensions of a certificate (RFC 5280 section 4.1.2.9). Throws CertificateError, also when an extension
 * occurs twice.
 */
export function readExtensions(sequence: DerReader): Extensions {
  const extensions: Extensions = { unknownCritical: [] };
  const seen = new Set<string>();
  while (!sequence.done) {
    const extension = sequence.enter(tags.sequence);
    const oid = extension.oid();
    const critical = extension.peek() === tags.boolean && extension.boolean();
    const octets = extension.read(tags.octetString);
    extension.finish();
    if (seen.has(oid)) throw extension.error(`has the extension ${oid} twice`);
    seen.add(oid);
    if (critical && !understoodExtensions.has(oid)) extensions.unknownCritical.push(oid);
    const row = readers[oid];
    if (!row) continue;
    const value = new DerReader(sequence.bytes, row.what, octets.content, octets.end);
    row.read(extensions, value);
    value.finish();
  }
  return extensions;
}

/** Bit 0 is the highest of the byte after the count of unused bits. */
function hasBit(content: Buffer, index: number): boolean {
  return ((content[1 + (index >> 3)] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

function readAuthorityKey(sequence: DerReader): AuthorityKey {
  const keyId = sequence.optional(0x80);
  const issuer = sequence.optional(0xa1);
  const serial = sequence.peek() === 0x82 ? sequence.integer(0x82) : undefined;
  sequence.finish();
  return {
    ...(keyId && { keyId: sequence.content(keyId) }),
    ...(issuer && { issuer: readGeneralNames(sequence.inside(issuer)) }),
    ...(serial && { serial }),
  };
}

function readSubtrees(parent: DerReader, element: DerElement | undefined): NameSubtree[] {
  const subtrees: NameSubtree[] = [];
  if (!element) return subtrees;
  const list = parent.inside(element);
  while (!list.done) {
    const subtree = list.enter(tags.sequence);
    const base = readGeneralName(subtree);
    // Minimum is 0 by default, and may be written out as 0.
    const minimum = subtree.peek() === 0x80 ? subtree.smallInteger(0x80) : 0;
    subtrees.push({ base, bounded: minimum !== 0 || !subtree.done });
  }
  return subtrees;
}
