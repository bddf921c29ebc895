import { isUtf8 } from "node:buffer";
import { CertificateError } from "./certificate-error.js";

/** ASN.1 tags that a certificate uses (X.690 section 8, X.680 table 1). */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One tag-length-value: offsets into the bytes of the reader that made it. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/**
 * A cursor over DER. Every step moves forward and is bounded by the enclosing element, so reading ends on any bytes. It
 * is strict wherever two readers may read the same bytes differently: lengths are minimal, nothing trails.
 */
export class DerReader {
  readonly bytes: Buffer;
  readonly end: number;
  readonly what: string;
  #position: number;

  constructor(bytes: Buffer, what: string, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.what = what;
    this.end = end;
    this.#position = start;
  }

  get done(): boolean {
    return this.#position >= this.end;
  }

  get position(): number {
    return this.#position;
  }

  /** The tag of the next element, or -1 at the end. */
  peek(): number {
    return this.done ? -1 : (this.bytes[this.#position] ?? -1);
  }

  /**
   * The next element, whatever its tag. Throws CertificateError at the end of the bytes, or when the element is cut
   * short.
   */
  next(): DerElement {
    const { bytes, end } = this;
    const start = this.#position;
    const tag = bytes[start];
    const first = bytes[start + 1];
    if (start + 2 > end || tag === undefined || first === undefined) throw this.error("ends too early");
    if ((tag & 0x1f) === 0x1f) throw this.error("has a tag in the long form");
    let content = start + 2;
    let length = first;
    if (first >= 0x80) {
      const size = first & 0x7f;
      if (size === 0) throw this.error("has an indefinite length, which DER forbids");
      if (size > 4 || content + size > end) throw this.error("has a length that does not fit");
      length = bytes.readUIntBE(content, size);
      if (length < 0x80 || bytes[content] === 0) throw this.error("has a length that is not minimal");
      content += size;
    }
    if (content + length > end) throw this.error("is cut short");
    this.#position = content + length;
    return { tag, start, content, end: this.#position };
  }

  /** The next element, which must have this tag. */
  read(tag: number): DerElement {
    const found = this.peek();
    if (found !== tag) throw this.error(`has ${tagName(found)} where ${tagName(tag)} belongs`);
    return this.next();
  }

  /** The next element when it has this tag. */
  optional(tag: number): DerElement | undefined {
    return this.peek() === tag ? this.next() : undefined;
  }

  /** A reader of the content of the next element, which must have this tag. */
  enter(tag: number, what = this.what): DerReader {
    return this.inside(this.read(tag), what);
  }

  /** A reader of the content of an element. */
  inside(element: DerElement, what = this.what): DerReader {
    return new DerReader(this.bytes, what, element.content, element.end);
  }

  content(element: DerElement): Buffer {
    return this.bytes.subarray(element.content, element.end);
  }

  whole(element: DerElement): Buffer {
    return this.bytes.subarray(element.start, element.end);
  }

  /** Throws unless everything was read: two readers may disagree about bytes that this reader skips. */
  finish(): void {
    if (!this.done) throw this.error(`has ${this.end - this.#position} bytes too many`);
  }

  error(complaint: string): CertificateError {
    return new CertificateError(`${this.what} ${complaint} (byte ${this.#position})`);
  }

  /** OBJECT IDENTIFIER as dotted decimals. */
  oid(): string {
    const content = this.content(this.read(tags.oid));
    return decodeOid(content) ?? this.#fail("has a malformed object identifier");
  }

  /** INTEGER as its content bytes, checked for minimal length. */
  integer(tag: number = tags.integer): Buffer {
    const content = this.content(this.read(tag));
    const [first, second] = content;
    if (first === undefined) throw this.error("has an empty integer");
    const padded = second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
    if (padded) throw this.error("has an integer that is not minimal");
    return content;
  }

  /** INTEGER that counts something: not negative, below 2^31. */
  smallInteger(tag: number = tags.integer): number {
    const content = this.integer(tag);
    const value = content.length > 4 ? -1 : content.readIntBE(0, content.length);
    if (value < 0) throw this.error("has a number out of range");
    return value;
  }

  /** BOOLEAN: any value but zero is true, as OpenSSL reads it; real certificates carry 01. */
  boolean(): boolean {
    const element = this.read(tags.boolean);
    if (element.end - element.content !== 1) throw this.error("has a malformed boolean");
    return this.bytes[element.content] !== 0;
  }

  /** BIT STRING: the count of unused bits, then the bytes; bits that are declared unused do not count, even when set. */
  bits(tag: number = tags.bitString): Buffer {
    const bits = Buffer.from(this.content(this.read(tag)));
    const unused = bits[0] ?? 8;
    const last = bits.length - 1;
    if (unused > 7 || (unused > 0 && last === 0)) throw this.error("has a malformed bit string");
    if (last > 0) bits[last] = (bits[last] ?? 0) & (0xff << unused);
    return bits;
  }

  /** BIT STRING that holds whole bytes: a key or a signature. */
  bitStringBytes(): Buffer {
    const content = this.content(this.read(tags.bitString));
    if (content[0] !== 0) throw this.error("has a bit string that is not whole bytes");
    return content.subarray(1);
  }

  #fail(complaint: string): never {
    throw this.error(complaint);
  }
}

function decodeOid(content: Buffer): string | undefined {
  const last = content.at(-1);
  if (last === undefined || last >= 0x80 || content.length > 64) return undefined;
  const arcs: string[] = [];
  let start = 0;
  for (let at = 0; at < content.length; at++) {
    if ((content[at] ?? 0) >= 0x80) continue;
    if (content[start] === 0x80) return undefined;
    arcs.push(...decodeArc(content.subarray(start, at + 1), arcs.length === 0));
    start = at + 1;
  }
  return arcs.join(".");
}

/** One base-128 number; the first carries two arcs (X.690 8.19.4). */
function decodeArc(bytes: Buffer, isFirst: boolean): string[] {
  // Numbers up to 2^49 fit a double; UUID-based identifiers (2.25.x) do not.
  let value: number | bigint = 0;
  if (bytes.length <= 7) for (const byte of bytes) value = value * 128 + (byte & 0x7f);
  else value = bytes.reduce((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n);
  if (!isFirst) return [String(value)];
  if (value < 80) return [value < 40 ? "0" : "1", String(Number(value) % 40)];
  return ["2", typeof value === "bigint" ? String(value - 80n) : String(value - 80)];
}

function tagName(tag: number): string {
  if (tag < 0) return "nothing";
  const known = Object.entries(tags).find(([, value]) => value === tag);
  return known ? known[0] : `tag 0x${tag.toString(16).padStart(2, "0")}`;
}

/**
 * The text of a directory or time string, or undefined when the tag is not a string type.
 * Throws CertificateError when its bytes are not valid for the type.
 */
export function decodeString(tag: number, content: Buffer, what: string): string | undefined {
  switch (tag) {
    case tags.utf8String:
      if (!isUtf8(content)) throw new CertificateError(`${what} has text that is not UTF-8`);
      return content.toString("utf8");
    case tags.numericString:
    case tags.printableString:
    case tags.t61String:
    case tags.ia5String:
      return content.toString("latin1");
    case tags.bmpString:
      if (content.length % 2 !== 0) throw new CertificateError(`${what} has a BMPString of odd length`);
      return Buffer.from(content).swap16().toString("utf16le");
    case tags.universalString:
      return decodeUtf32(content, what);
    default:
      return undefined;
  }
}

function decodeUtf32(content: Buffer, what: string): string {
  if (content.length % 4 !== 0) throw new CertificateError(`${what} has a UniversalString of odd length`);
  let text = "";
  for (let at = 0; at < content.length; at += 4) {
    const point = content.readUInt32BE(at);
    if (point > 0x10ffff) throw new CertificateError(`${what} has a character beyond Unicode`);
    text += String.fromCodePoint(point);
  }
  return text;
}
