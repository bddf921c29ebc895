import type { Certificate } from "./certificate.js";
import { canonicalName, type RelativeNames } from "./distinguished-name.js";
import type { NameSubtree } from "./extensions.js";
import type { GeneralName } from "./general-name.js";
import { commonNameOid, emailAddressOid } from "./oids.js";
import { type PathProblem, pathElement } from "./path-problem.js";

/**
 * Problems of names that a CA above forbids (RFC 5280 section 4.2.1.10), as OpenSSL's v3_ncons.c finds them:
 * self-issued CA certificates are exempt, and a CN that looks like a host name counts as one when the leaf has no DNS
 * names.
 */
export function judgeNames(path: readonly Certificate[]): PathProblem[] {
  // Hardly any CA has constraints: skip the work below without them.
  if (!path.some((certificate) => certificate.extensions.nameConstraints)) return [];
  return path.flatMap((certificate, index) => {
    if (index > 0 && index < path.length - 1 && certificate.isSelfIssued) return [];
    const names = namesOf(certificate, index === 0);
    return path.slice(index + 1).flatMap((issuer) =>
      violations(names, issuer).map((name) => ({
        code: "nameConstraintViolated" as const,
        element: pathElement(certificate, index),
        expected: `names that ${issuer.subject} allows: ${constraintText(issuer)}`,
        got: `${name.kind} ${name.value}`,
      })),
    );
  });
}

function namesOf(certificate: Certificate, isLeaf: boolean): GeneralName[] {
  const names: GeneralName[] = [...certificate.subjectAltNames];
  const attributes = certificate.subjectNames.flat();
  if (attributes.length > 0) {
    names.push({ kind: "directory", value: certificate.subject, names: certificate.subjectNames });
  }
  for (const { oid, text } of attributes) {
    if (oid === emailAddressOid && text !== undefined) names.push({ kind: "email", value: text });
    const isHostName = oid === commonNameOid && text !== undefined && looksLikeHostName(text);
    if (isLeaf && isHostName && !names.some(({ kind }) => kind === "dns")) names.push({ kind: "dns", value: text });
  }
  return names;
}

/** At least two labels: OpenSSL's cn2dnsid, so that a CN such as `pump-0042` is not a host name. */
function looksLikeHostName(text: string): boolean {
  return /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)+\.?$/.test(
    text,
  );
}

function violations(names: readonly GeneralName[], issuer: Certificate): GeneralName[] {
  const constraints = issuer.extensions.nameConstraints;
  if (!constraints) return [];
  const { permitted, excluded } = constraints;
  return names.filter((name) => {
    const allowed = permitted.filter(({ base }) => base.kind === name.kind);
    const denied = excluded.filter(({ base }) => base.kind === name.kind);
    const unsupported = [...allowed, ...denied].some((subtree) => subtree.bounded || name.kind === "other");
    if (unsupported) return true;
    return (
      (allowed.length > 0 && !allowed.some((tree) => isWithin(name, tree))) ||
      denied.some((tree) => isWithin(name, tree))
    );
  });
}

function isWithin(name: GeneralName, { base }: NameSubtree): boolean {
  if (name.kind === "directory") return base.kind === "directory" && startsWithNames(name.names, base.names);
  if (name.kind === "ip") return base.kind === "ip" && isAddressWithin(name.bytes, base.bytes);
  if (name.kind === "dns") return isHostWithin(name.value, base.value);
  if (name.kind === "email") return isMailWithin(name.value, base.value);
  return name.kind === "uri" && isUriWithin(name.value, base.value);
}

function startsWithNames(names: RelativeNames, prefix: RelativeNames): boolean {
  const folded = canonicalName(names);
  return canonicalName(prefix).every((part, index) => part === folded[index]);
}

function isAddressWithin(address: Buffer, range: Buffer): boolean {
  if (range.length !== address.length * 2) return false;
  return address.every((byte, index) => {
    const mask = range[address.length + index] ?? 0;
    return (byte & mask) === ((range[index] ?? 0) & mask);
  });
}

/** A host is within a domain when it is the domain or ends with it at a label; an empty domain contains every host. */
function isHostWithin(host: string, domain: string): boolean {
  const [name, base] = [host.toLowerCase(), domain.toLowerCase()];
  if (base === "" || name === base) return true;
  return base.startsWith(".") ? name.endsWith(base) : name.endsWith(`.${base}`);
}

function isMailWithin(address: string, base: string): boolean {
  const at = address.lastIndexOf("@");
  if (at < 0) return false;
  const host = address.slice(at + 1).toLowerCase();
  const baseAt = base.lastIndexOf("@");
  if (baseAt > 0)
    return address.slice(0, at) === base.slice(0, baseAt) && host === base.slice(baseAt + 1).toLowerCase();
  const domain = base.slice(baseAt + 1).toLowerCase();
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain;
}

function isUriWithin(uri: string, base: string): boolean {
  const host = /^[^:]+:\/\/(?:[^/@]*@)?([^/:]+)/.exec(uri)?.[1]?.toLowerCase();
  if (!host) return false;
  const domain = base.toLowerCase();
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain;
}

function constraintText(issuer: Certificate): string {
  const { permitted, excluded } = issuer.extensions.nameConstraints ?? { permitted: [], excluded: [] };
  const texts = [
    ...permitted.map(({ base }) => `${base.kind} ${base.value}`),
    ...excluded.map(({ base }) => `not ${base.kind} ${base.value}`),
  ];
  return texts.join(", ");
}
