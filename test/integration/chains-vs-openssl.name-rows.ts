import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseCertificates, readCertificate } from "@rollcall/pki";
import { der, extensions, handMade } from "./chains-vs-openssl.hand-made.js";
import { now, type Row } from "./chains-vs-openssl.rows.js";

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const [rootKey, leafKey] = [newKey(), newKey()];

/** String types of names by their tags (X.680 table 1). */
const stringTypes = {
  UTF8String: 0x0c,
  PrintableString: 0x13,
  TeletexString: 0x14,
  IA5String: 0x16,
  UniversalString: 0x1c,
  BMPString: 0x1e,
} as const;

interface Names {
  readonly subject: string;
  readonly subjectTag?: number;
  readonly issuer: string;
  readonly issuerTag?: number;
}

/** A leaf whose issuer is written in one way, under a root whose subject is written in another. */
function names(
  title: string,
  expect: Row["expect"],
  { subject, subjectTag = 0x0c, issuer, issuerTag = 0x0c }: Names,
): Row {
  return {
    name: `names: ${title}`,
    expect,
    build: async () => {
      const root = { subject, issuer: subject, stringTag: subjectTag, key: rootKey, issuerKey: rootKey };
      const leaf = { subject: "pump", issuer, stringTag: 0x0c, issuerTag, key: leafKey, issuerKey: rootKey };
      const anchor = readCertificate(handMade({ ...root, extensions: [extensions.ca()] }));
      return { presented: [readCertificate(handMade(leaf))], anchor, now };
    },
  };
}

const pairs = Object.entries(stringTypes).flatMap(([above, subjectTag]) =>
  Object.entries(stringTypes).map(([below, issuerTag]) =>
    names(`${above} above, ${below} below, other case and spaces`, "valid", {
      subject: "Acme Root  CA",
      subjectTag,
      issuer: " acme ROOT ca ",
      issuerTag,
    }),
  ),
);

const alike: readonly Row[] = [
  ...(
    [
      ["tab", "\t"],
      ["line feed", "\n"],
      ["carriage return", "\r"],
      ["form feed", "\f"],
      ["vertical tab", "\v"],
    ] as const
  ).map(([title, space]) =>
    names(`a ${title} is white space`, "valid", { subject: "Acme Root", issuer: `Acme${space} Root${space}` }),
  ),
  names("a no-break space is not white space", "anchorNotReached", { subject: "Acme Root", issuer: "Acme\u00a0Root" }),
  names("letters beyond ASCII, same case", "valid", { subject: "Wärme Übung", issuer: "wärme Übung", issuerTag: 0x1e }),
  names("letters beyond ASCII keep their case", "anchorNotReached", { subject: "Wärme Übung", issuer: "Wärme übung" }),
  names("Latin-1 in a TeletexString is the same in UTF-8", "valid", {
    subject: "Wärme",
    issuer: "Wärme",
    issuerTag: 0x14,
  }),
  names("a letter with a combining accent is another", "anchorNotReached", { subject: "Wärme", issuer: "Wa\u0308rme" }),
  names("a Cyrillic letter that looks the same", "anchorNotReached", {
    subject: "Acme Root",
    issuer: "Acme R\u043eot",
  }),
  names("a NumericString is compared with its type", "anchorNotReached", {
    subject: "42",
    issuer: "42",
    issuerTag: 0x12,
  }),
  names("two NumericStrings", "valid", { subject: "42", subjectTag: 0x12, issuer: "42", issuerTag: 0x12 }),
  names("two NumericStrings, one with a space more", "anchorNotReached", {
    subject: "42",
    subjectTag: 0x12,
    issuer: "42 ",
    issuerTag: 0x12,
  }),
  names("a zero character counts", "anchorNotReached", { subject: "Acme Root", issuer: "Acme Root\0" }),
  names("a zero width space counts", "anchorNotReached", { subject: "Acme Root", issuer: "Acme\u200b Root" }),
];

const text = (oidHex: string, tag: number, value: string) =>
  der(0x30, der(0x06, Buffer.from(oidHex, "hex")), der(tag, Buffer.from(value, "latin1")));
const [organization, commonName, emailAddress] = ["55040a", "550403", "2a864886f70d010901"] as const;

/** A leaf and its root by the relative names of the issuer, as each writes them. */
function relative(title: string, expect: Row["expect"], above: readonly Buffer[], below: readonly Buffer[]): Row {
  return {
    name: `names: ${title}`,
    expect,
    build: async () => {
      const [root, leaf] = [der(0x30, ...above), der(0x30, ...below)];
      const common = { issuerKey: rootKey, stringTag: 0x0c };
      const ca = { ...common, subject: root, issuer: root, key: rootKey, extensions: [extensions.ca()] };
      const anchor = readCertificate(handMade(ca));
      const presented = [readCertificate(handMade({ ...common, subject: "pump", issuer: leaf, key: leafKey }))];
      return { presented, anchor, now };
    },
  };
}

const [acme, rootName] = [text(organization, 0x0c, "Acme"), text(commonName, 0x0c, "Root")];
const relativeRows = [
  relative(
    "two relative names",
    "valid",
    [der(0x31, acme), der(0x31, rootName)],
    [der(0x31, acme), der(0x31, rootName)],
  ),
  relative(
    "relative names in another order",
    "anchorNotReached",
    [der(0x31, acme), der(0x31, rootName)],
    [der(0x31, rootName), der(0x31, acme)],
  ),
  relative(
    "attributes of one relative name in another order",
    "valid",
    [der(0x31, acme, rootName)],
    [der(0x31, rootName, acme)],
  ),
  relative(
    "one relative name or two",
    "anchorNotReached",
    [der(0x31, acme, rootName)],
    [der(0x31, acme), der(0x31, rootName)],
  ),
  relative(
    "an e-mail address in another case",
    "valid",
    [der(0x31, text(emailAddress, 0x16, "CA@Acme.example"))],
    [der(0x31, text(emailAddress, 0x0c, "ca@acme.EXAMPLE"))],
  ),
  relative(
    "the same text of another attribute",
    "anchorNotReached",
    [der(0x31, text(organization, 0x0c, "Root"))],
    [der(0x31, rootName)],
  ),
];

const field = new URL("../fixtures/field-cases/issuer-name-string-type/", import.meta.url);
const fieldRow: Row = {
  name: "names: field case issuer-name-string-type",
  expect: "valid",
  build: async () => {
    const read = (file: string) =>
      readCertificate(parseCertificates(readFileSync(new URL(file, field), "utf8"))[0] ?? Buffer.alloc(0));
    return { presented: [read("dev.pem")], anchor: read("root.pem"), now: new Date("2026-12-01T00:00:00Z") };
  },
};

/** Names that are the same by RFC 5280 section 7.1, and names that only look so. */
export const nameRows: readonly Row[] = [...pairs, ...alike, ...relativeRows, fieldRow];
