import { nameText, type RelativeNames, readName } from "./distinguished-name.js";
import { type DerReader, decodeString, tags } from "./encoding/der.js";

/** A GeneralName (RFC 5280 section 4.2.1.6). */
export type GeneralName =
  | { readonly kind: "email" | "dns" | "uri"; readonly value: string }
  | { readonly kind: "ip"; readonly value: string; readonly bytes: Buffer }
  | { readonly kind: "directory"; readonly value: string; readonly names: RelativeNames }
  | { readonly kind: "other"; readonly value: string };

const textKinds: Readonly<Record<number, "email" | "dns" | "uri">> = { 129: "email", 130: "dns", 134: "uri" };

/** otherName, x400Address, ediPartyName, registeredID. */
const otherTags: readonly number[] = [0xa0, 0xa3, 0xa5, 0x88];

/** Reads a sequence of GeneralName to its end. Throws CertificateError. */
export function readGeneralNames(reader: DerReader): GeneralName[] {
  const names: GeneralName[] = [];
  while (!reader.done) names.push(readGeneralName(reader));
  return names;
}

/** Reads one GeneralName. Throws CertificateError. */
export function readGeneralName(reader: DerReader): GeneralName {
  const element = reader.next();
  const content = reader.content(element);
  const textKind = textKinds[element.tag];
  if (textKind) return { kind: textKind, value: decodeString(tags.ia5String, content, reader.what) ?? "" };
  if (element.tag === 0x87) return { kind: "ip", value: addressText(content), bytes: content };
  if (otherTags.includes(element.tag)) return { kind: "other", value: `#${content.toString("hex")}` };
  if (element.tag !== 0xa4) throw reader.error("has a name of an unknown kind");
  const inner = reader.inside(element);
  const names = readName(inner.enter(tags.sequence));
  inner.finish();
  return { kind: "directory", value: nameText(names), names };
}

/** An address, or an address and its mask when the bytes are those of a name constraint. */
function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  if (bytes.length === 8) return `${addressText(bytes.subarray(0, 4))}/${addressText(bytes.subarray(4))}`;
  return bytes.toString("hex").replace(/.{4}(?=.)/g, "$&:");
}
