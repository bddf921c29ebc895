import { tags } from "./der.js";

/** One DER element: tag, shortest length, contents in order. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = length.toString(16);
  const size = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, content]);
}

/** SEQUENCE of elements. */
export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, ...contents);
}

/** OBJECT IDENTIFIER from dotted decimals that this package itself wrote down. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(tags.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const bytes = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return bytes;
}

/** A Name with a CN alone; empty for an empty CN. UTF8String, which RFC 5280 section 4.1.2.4 asks for. */
export function commonNameDer(commonName: string): Buffer {
  if (commonName === "") return sequence();
  const value = element(tags.utf8String, Buffer.from(commonName, "utf8"));
  return sequence(element(tags.set, sequence(objectIdentifier("2.5.4.3"), value)));
}
