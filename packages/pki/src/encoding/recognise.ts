import { CertificateError } from "./certificate-error.js";
import { DerReader, tags } from "./der.js";
import { type MaterialKind, materialKinds, materialRows } from "./material.js";

/** One thing that bytes or a text hold. */
export interface Material {
  /** Undefined for what no row of the table fits. */
  readonly kind: MaterialKind | undefined;
  readonly form: "pem" | "der" | "text";
  /** The DER; of PEM, decoded. Absent of text, and of PEM that carries headers. */
  readonly der?: Buffer;
  /** The PEM block, whose headers say how it is encrypted. */
  readonly block?: string;
}

/** A larger input is neither a certificate nor a key: it is refused unread. */
export const MAX_MATERIAL_BYTES = 1024 * 1024;
const MAX_BLOCKS = 1000;

/**
 * Recognises bytes or a text: PEM with any text around (in UTF-8, or UTF-16 as Windows shells write it), DER, base64 of
 * either, or another thing that has a row in the table. Pure, and bounded by the length.
 * Throws CertificateError for nothing at all, for too much, and for PEM or base64 that is damaged. It quotes nothing.
 */
export function recognise(input: string | Uint8Array): readonly Material[] {
  if (input.length > MAX_MATERIAL_BYTES) {
    throw new CertificateError(`the input has ${input.length} bytes: that is neither a certificate nor a key`);
  }
  return typeof input === "string" ? recogniseText(input, 2) : recogniseBytes(Buffer.from(input), 2);
}

function recogniseBytes(bytes: Buffer, depth: number): readonly Material[] {
  const binary = binaryKind(bytes);
  if (binary !== undefined || isDerSequence(bytes)) return [{ kind: binary, form: "der", der: bytes }];
  return recogniseText(decodeText(bytes), depth);
}

/** Text of bytes that may be UTF-16, with its byte order mark or without. Other bytes are taken as UTF-8. */
function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  const order = utf16Order(buffer);
  if (order === undefined) return buffer.toString("utf8").replace(/^\uFEFF/, "");
  const whole = buffer.subarray(0, buffer.length - (buffer.length % 2));
  if (order === "big") whole.swap16();
  return whole.toString("utf16le").replace(/^\uFEFF/, "");
}

function utf16Order(bytes: Buffer): "little" | "big" | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "little";
  if (first === 0xfe && second === 0xff) return "big";
  // ASCII in UTF-16: every other byte is 0.
  const head = bytes.subarray(0, 32);
  if (head.length < 4) return undefined;
  const isZero = (odd: number) => head.every((byte, at) => (byte === 0) === (at % 2 === odd));
  if (isZero(1)) return "little";
  return isZero(0) ? "big" : undefined;
}

function recogniseText(given: string, depth: number): readonly Material[] {
  const text = given.replace(/^\uFEFF/, "").trim();
  if (text === "") throw new CertificateError("the text is empty where a certificate belongs");
  if (/-----BEGIN|---- BEGIN/.test(text)) return readBlocks(text);
  const kind = materialKinds.find((each) => materialRows[each].text?.test(text.slice(0, 4096)));
  if (kind !== undefined) return [{ kind, form: "text" }];
  const bytes = decodeBase64(text, "the text, which is not PEM,");
  const inner = bytes.toString("latin1");
  if (isDerSequence(bytes) || binaryKind(bytes) !== undefined || bytes[0] === 0x30) {
    return [{ kind: binaryKind(bytes), form: "der", der: bytes }];
  }
  if (depth > 0 && (/-----BEGIN/.test(inner) || utf16Order(bytes))) return recogniseBytes(bytes, depth - 1);
  throw new CertificateError("the text is base64, but neither of a certificate in DER nor of PEM text");
}

const begin = /(?:-----|---- )BEGIN ([A-Z0-9# ]+?)(?:-----| ----)/g;

function readBlocks(text: string): readonly Material[] {
  const found: Material[] = [];
  // Environment variables and JSON pasted by hand carry the two characters \n instead of a line end.
  const lines = text.replaceAll("\\r", "").replaceAll("\\n", "\n");
  for (const match of lines.matchAll(begin)) {
    if (found.length === MAX_BLOCKS) throw new CertificateError(`the PEM text has more than ${MAX_BLOCKS} blocks`);
    found.push(readBlock(lines, match));
  }
  if (found.length > 0) return found;
  throw new CertificateError("the PEM text holds a broken BEGIN line and no CERTIFICATE");
}

function readBlock(text: string, { 0: line, 1: label = "", index }: RegExpExecArray): Material {
  const kind = materialKinds.find((each) => materialRows[each].labels?.includes(label));
  const from = index + line.length;
  const end = text.indexOf(`-----END ${label}-----`, from);
  if (end < 0) {
    if (kind !== "certificate") return { kind, form: "pem" };
    throw new CertificateError(`the PEM text has no line -----END ${label}-----`);
  }
  const content = text.slice(from, end);
  const block = `${line}\n${content.trim()}\n-----END ${label}-----\n`;
  // RFC 1421 headers: OpenSSL's old way to encrypt a key.
  if (/^\s*Proc-Type:/.test(content)) {
    return { kind: /ENCRYPTED/.test(content) ? "encryptedKey" : kind, form: "pem", block };
  }
  if (kind === undefined || !holdsDer.has(kind)) return { kind, form: "pem", block };
  const der = decodeBase64(content, kind === "certificate" ? "the PEM certificate" : `the PEM ${label}`);
  // Windows labels PKCS#7 bundles and requests as certificates: the bytes decide where they are clear.
  const clear = kind === "certificate" ? binaryKind(der) : undefined;
  return { kind: clear ?? kind, form: "pem", der, block };
}

const holdsDer: ReadonlySet<MaterialKind> = new Set(["certificate", "pkcs7"]);

/** The kind of binary content; undefined when no row fits. */
function binaryKind(bytes: Buffer): MaterialKind | undefined {
  const outline = isDerSequence(bytes) ? outlineOf(bytes) : undefined;
  const head = bytes.subarray(0, 16).toString("hex");
  return materialKinds.find((each) => {
    const row = materialRows[each];
    return (outline !== undefined && row.outline?.test(outline)) || row.head?.test(head);
  });
}

/** Whether the bytes are one SEQUENCE to their end. */
function isDerSequence(bytes: Buffer): boolean {
  try {
    return bytes[0] === tags.sequence && new DerReader(bytes, "DER").next().end === bytes.length;
  } catch {
    return false;
  }
}

const MAX_CHILDREN = 12;

/**
 * The tags inside the outer SEQUENCE, and inside its first element where that is a SEQUENCE:
 * `30(a0 02 30 30 30 30 30 a3) 30 03` for a certificate.
 */
function outlineOf(der: Buffer): string {
  try {
    const outer = new DerReader(der, "DER").enter(tags.sequence);
    const parts: string[] = [];
    for (let index = 0; !outer.done && index < MAX_CHILDREN; index++) {
      const element = outer.next();
      const inner = index === 0 && element.tag === tags.sequence ? `(${tagsIn(outer.inside(element))})` : "";
      parts.push(`${hex(element.tag)}${inner}`);
    }
    return parts.join(" ");
  } catch {
    return "";
  }
}

function tagsIn(reader: DerReader): string {
  const found: string[] = [];
  while (!reader.done && found.length < MAX_CHILDREN) found.push(hex(reader.next().tag));
  return found.join(" ");
}

const hex = (tag: number): string => tag.toString(16).padStart(2, "0");

function decodeBase64(text: string, what: string): Buffer {
  const compact = text.replace(/\s+/g, "");
  const wrong = /[^A-Za-z0-9+/=]|=(?=[^=])/.exec(compact);
  if (wrong) throw new CertificateError(`${what} is not base64: character ${wrong.index + 1} does not belong`);
  if (compact === "" || compact.replace(/=+$/, "").length % 4 === 1) {
    throw new CertificateError(`${what} is not base64: it is cut short`);
  }
  return Buffer.from(compact, "base64");
}
