import type { Certificate } from "./certificate.js";
import { canonicalName, foldedName, type NameAttribute, type RelativeNames } from "./distinguished-name.js";
import { attributeNames } from "./oids.js";

/**
 * Letters of other scripts that a reader takes for a Latin letter (Unicode TR 39, confusables: the Cyrillic and Greek
 * ones), lower case; and digits that are read as letters.
 */
const lookalikes: Readonly<Record<string, string>> = {
  а: "a",
  в: "b",
  е: "e",
  к: "k",
  м: "m",
  н: "h",
  о: "o",
  р: "p",
  с: "c",
  т: "t",
  у: "y",
  х: "x",
  і: "i",
  ј: "j",
  ѕ: "s",
  ԁ: "d",
  ԛ: "q",
  ԝ: "w",
  һ: "h",
  ӏ: "l", // biome-ignore format: pairs
  α: "a",
  β: "b",
  ε: "e",
  η: "h",
  ι: "i",
  κ: "k",
  μ: "m",
  ν: "v",
  ο: "o",
  ρ: "p",
  τ: "t",
  υ: "u",
  χ: "x",
  ζ: "z",
  "0": "o",
  "1": "l",
  ı: "i",
};

/** Names longer than this are not searched for look-alikes. */
const longestSearched = 1024;

/**
 * How the name of an issuer differs from a subject that a reader would take for it: other letters that look the same,
 * or the same attributes in another order. Undefined when the names are the same, or do not look alike.
 */
export function nameDifference(child: Certificate, issuer: Certificate): string | undefined {
  const [asked, known] = [child.issuerNames, issuer.subjectNames];
  if (child.issuerRaw.length > longestSearched || child.hasIssuerNamed(issuer)) return undefined;
  const [left, right] = [asked.flat(), known.flat()];
  if (left.length !== right.length || left.length === 0) return undefined;
  if (isSameSet(canonicalName(asked), canonicalName(known))) {
    return "it has the same attributes in another order";
  }
  if (left.some((attribute, index) => !looksLike(attribute, right[index]))) return undefined;
  const at = left.findIndex((attribute, index) => !isSame(attribute, right[index]));
  return differenceOf(left[at], right[at]);
}

const isSameSet = (a: readonly string[], b: readonly string[]) => a.toSorted().join("\n") === b.toSorted().join("\n");

const isSame = (a: NameAttribute, b: NameAttribute | undefined) =>
  b !== undefined && foldedName([[a]] satisfies RelativeNames) === foldedName([[b]]);

function looksLike(a: NameAttribute, b: NameAttribute | undefined): boolean {
  return b !== undefined && a.oid === b.oid && skeleton(a.text ?? "") === skeleton(b.text ?? "");
}

/** What is left when everything is taken away that a reader overlooks: accents, case, spaces, invisible characters. */
function skeleton(text: string): string {
  const plain = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}\s]/gu, "");
  return [...plain].map((letter) => lookalikes[letter] ?? letter).join("");
}

function differenceOf(a: NameAttribute | undefined, b: NameAttribute | undefined): string {
  const [asked, known] = [[...(a?.text ?? "")], [...(b?.text ?? "")]];
  const at = asked.findIndex((letter, index) => letter.toLowerCase() !== known[index]?.toLowerCase());
  const place = at < 0 ? asked.length : at;
  const name = attributeNames[a?.oid ?? ""] ?? a?.oid ?? "its name";
  return `character ${place + 1} of ${name} is ${pointOf(known[place])} there, and ${pointOf(asked[place])} in the issuer's name that the device's certificate carries`;
}

function pointOf(letter: string | undefined): string {
  if (letter === undefined) return "missing";
  const point = letter.codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
}
