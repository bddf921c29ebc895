import { createHash } from "node:crypto";
import { CertificateError } from "./certificate-error.js";
import { DerReader, decodeString, tags } from "./der.js";
import { attributeNames } from "./oids.js";

/** One attribute of a name; `text` is absent when the value is not a string type. */
export interface NameAttribute {
  readonly oid: string;
  readonly text?: string;
  readonly raw: Buffer;
  readonly tag: number;
}

/** A distinguished name: relative names in certificate order, each with one attribute or, rarely, several. */
export type RelativeNames = readonly (readonly NameAttribute[])[];

/** Reads a Name (RFC 5280 section 4.1.2.4). Throws CertificateError. */
export function readName(sequence: DerReader): RelativeNames {
  const names: NameAttribute[][] = [];
  while (!sequence.done) {
    const set = sequence.enter(tags.set);
    const attributes: NameAttribute[] = [];
    while (!set.done) attributes.push(readAttribute(set.enter(tags.sequence)));
    if (attributes.length === 0) throw set.error("has an empty relative name");
    names.push(attributes);
  }
  return names;
}

function readAttribute(reader: DerReader): NameAttribute {
  const oid = reader.oid();
  const value = reader.next();
  reader.finish();
  const raw = reader.content(value);
  const text = decodeString(value.tag, raw, reader.what);
  // Attribute values in use are text, except postal addresses, which are sequences. OpenSSL refuses most other types
  // too.
  if (text === undefined && value.tag !== tags.sequence) throw reader.error("has a name that is not text");
  return text === undefined ? { oid, raw, tag: value.tag } : { oid, text, raw, tag: value.tag };
}

/**
 * A name as text: most specific first, as in RFC 4514, with a space after the comma, as .NET and the cloud write it:
 * `CN=pump-0042, O=Contoso`.
 */
export function nameText(names: RelativeNames): string {
  return names
    .map((attributes) => attributes.map(attributeText).join("+"))
    .reverse()
    .join(", ");
}

function attributeText({ oid, text, raw }: NameAttribute): string {
  const value = text === undefined ? `#${raw.toString("hex")}` : escapeValue(text);
  return `${attributeNames[oid] ?? oid}=${value}`;
}

/** RFC 4514 section 2.4, and control characters as hex: a name is printed in logs and terminals. */
function escapeValue(text: string): string {
  return text
    .replace(/[,+"\\<>;]/g, "\\$&")
    .replace(/^[ #]|(?<!^) $/g, "\\$&")
    .replace(/[\p{Cc}]/gu, (character) => `\\${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** The last, most specific value of an attribute. */
export function attributeValue(names: RelativeNames, oid: string): string | undefined {
  return names.flat().findLast((attribute) => attribute.oid === oid && attribute.text !== undefined)?.text;
}

/**
 * Each relative name in a form that is equal for equal names: string types, case and runs of spaces do not count
 * (RFC 5280 section 7.1, as OpenSSL's x509_name_canon does it). CAs re-encode names: PrintableString to UTF8String.
 */
export function canonicalName(names: RelativeNames): readonly string[] {
  return names.map((attributes) => attributes.map(canonicalAttribute).sort().join("+"));
}

function canonicalAttribute({ oid, text, raw, tag }: NameAttribute): string {
  // OpenSSL leaves NumericString as it is.
  if (text === undefined || tag === tags.numericString) return `${oid}=${tag}#${raw.toString("hex")}`;
  const folded = text
    .replace(/[ \t\n\v\f\r]+/g, " ")
    .replace(/^ | $/g, "")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return `${oid}=${JSON.stringify(folded)}`;
}

/** A whole name in canonical form: two names are the same when these texts are. */
export function foldedName(names: RelativeNames): string {
  return canonicalName(names).join("\n");
}

/**
 * A key that is equal for equal names, by which names can be looked up: SHA-256 of the canonical form, 64 upper-case hex
 * digits. Its length does not depend on the name, since a database limits the length of what it indexes.
 */
function nameKey(names: RelativeNames): string {
  return createHash("sha256").update(foldedName(names)).digest("hex").toUpperCase();
}

/** The {@link nameKey} of a name in DER; undefined when the bytes are not a name. */
export function nameKeyOf(der: Uint8Array): string | undefined {
  try {
    const reader = new DerReader(Buffer.from(der), "name");
    const names = readName(reader.enter(tags.sequence));
    reader.finish();
    return nameKey(names);
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}
