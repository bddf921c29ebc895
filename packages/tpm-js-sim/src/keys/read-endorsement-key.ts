import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { algorithms } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { Tpm2bPublic, type TpmtPublic } from "../wire/structures.js";
import { parseTpm2bPublic } from "./parse-public.js";
import { eccEkTemplate, ekTemplate } from "./templates.js";

/** The result of {@link readEndorsementKey}. */
export type EndorsementKeyReading =
  | {
      readonly kind: "read";
      readonly tpm2bPublic: Buffer;
      readonly publicArea: TpmtPublic;
      /** what was converted, as sentences */
      readonly notes: readonly string[];
    }
  | {
      readonly kind: "refused";
      /** goes on from the name of the key: `is not base64 …` */
      readonly reason: string;
    };

/** Gives the endorsement key of a TPM as it is wanted; what tpm2-tools 5 write by default is the TPM2B_PUBLIC. */
const EXPORT_COMMAND = "tpm2_createek -G rsa -c ek.ctx -u ek.pub && base64 -w0 ek.pub";
const help = `on the device: ${EXPORT_COMMAND}`;
/** An endorsement key has some 300 bytes, and its certificate may have 2,000. */
const MAX_BYTES = 16 * 1024;

const refused = (reason: string): EndorsementKeyReading => ({ kind: "refused", reason });
const named = (name: string): EndorsementKeyReading =>
  refused(`is ${name}, and the TPM2B_PUBLIC of the endorsement key belongs here (${help})`);

/**
 * Reads an endorsement key from what people have: TPM2B_PUBLIC as bytes or as base64 with line breaks; TPMT_PUBLIC, whose size
 * is put before it; and a public key (PEM, DER, PKCS#1) or an EK certificate, which give the TPM2B_PUBLIC of the standard
 * template. What else it is is named. Nothing is thrown, and nothing of the input is quoted.
 */
export function readEndorsementKey(input: string | Uint8Array): EndorsementKeyReading {
  if (input.length > MAX_BYTES) return refused(`has ${input.length} bytes, which no endorsement key has`);
  if (typeof input === "string") return readText(input, 1);
  const bytes = Buffer.from(input);
  const text = fileText(bytes);
  return text === undefined ? readBytes(bytes, 1) : readText(text, 1);
}

/** The text of a file, which Windows shells write in UTF-16. Undefined for other bytes. */
function fileText(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString("utf16le");
  const text = bytes.toString("utf8");
  return /^\uFEFF?[\t\r\n\x20-\x7e]+$/.test(text) ? text : undefined;
}

/** Whether the attributes are those of a storage key: its user needs no policy. SRK templates are, EK templates are not. */
export function isStorageKey({ objectAttributes: bits, authPolicy }: TpmtPublic): boolean {
  const byPassword = has(bits, objectAttributes.userWithAuth) && !has(bits, objectAttributes.adminWithPolicy);
  return byPassword && authPolicy.length === 0;
}

/** Texts that are known, by how they are written. */
const texts: readonly (readonly [how: RegExp, name: string])[] = [
  [/-----BEGIN TSS2 PRIVATE KEY-----/, "the private part of a TPM key (TSS2)"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key, which no TPM gives away"],
  [/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/, "a certificate request"],
  [/^name: [0-9a-f]{4,}\s/, "what tpm2_readpublic prints"],
  [/^(ssh-|ecdsa-)\S+ AAAA/, "an SSH public key"],
  [/^000b[0-9a-f]{64}$/i, "the Name of a key, which is a hash of it"],
];

function readText(given: string, depth: number): EndorsementKeyReading {
  const text = given.replace(/^\uFEFF/, "").trim();
  const known = texts.find(([how]) => how.test(text));
  if (known) return named(known[1]);
  const [, label, content = ""] = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END/.exec(text) ?? [];
  if (label !== undefined) return readPem(label, content);
  const compact = text.replace(/\s+/g, "");
  if (compact.length >= 200 && /^([0-9a-f]{2})+$/i.test(compact)) {
    return withNote(readBytes(Buffer.from(compact, "hex"), depth), "It was written in hex.");
  }
  const bytes = fromBase64(compact);
  if (bytes) return readBytes(bytes, depth);
  return refused(`is not base64 with its padding (${help})`);
}

function fromBase64(compact: string): Buffer | undefined {
  if (
    !/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^[A-Za-z0-9+/]{2}==$|^[A-Za-z0-9+/]{3}=$/.test(
      compact,
    )
  )
    return undefined;
  const bytes = Buffer.from(compact, "base64");
  return bytes.toString("base64") === compact ? bytes : undefined;
}

function readPem(label: string, content: string): EndorsementKeyReading {
  const bytes = fromBase64(content.replace(/\s+/g, ""));
  if (!bytes) return refused(`is PEM of a ${label} that is damaged`);
  return readDer(bytes) ?? named(`PEM of a ${label}`);
}

function readBytes(bytes: Buffer, depth: number): EndorsementKeyReading {
  const known = readDer(bytes) ?? readTpm(bytes);
  if (known) return known;
  const text = bytes.toString("latin1");
  if (depth > 0 && /^[\t\r\n\x20-\x7e]+$/.test(text)) {
    const inner = readText(text, depth - 1);
    if (inner.kind === "read") return withNote(inner, "It was encoded as text once more than needed.");
  }
  return refused(`is not an endorsement key (TPM2B_PUBLIC): ${problemsOf(bytes)}`);
}

/** Reads bytes that tpm2-tools or a TPM wrote. Undefined for other bytes, and for an unsuitable TPM2B_PUBLIC. */
function readTpm(bytes: Buffer): EndorsementKeyReading | undefined {
  const parsed = parseTpm2bPublic(bytes, { allowEcc: true });
  if (parsed.kind === "usable") return { kind: "read", tpm2bPublic: bytes, publicArea: parsed.publicArea, notes: [] };
  if (parsed.kind === "unsuitable") return undefined;
  const head = bytes.subarray(0, 4).toString("hex");
  if (head === "badcc0de") return named("a context file of tpm2-tools (-c)");
  if (bytes.length === 34 && head.startsWith("000b")) return named("the Name of a key, which is a hash of it");
  if (bytes.length === 256) return named("the modulus of an RSA key alone");
  const size = Buffer.alloc(2);
  size.writeUInt16BE(bytes.length % 0x10000);
  const whole = Buffer.concat([size, bytes]);
  const inner = parseTpm2bPublic(whole, { allowEcc: true });
  if (inner.kind === "malformed") return undefined;
  if (inner.kind === "unsuitable") return refused(`is not an endorsement key (TPMT_PUBLIC): ${problemsOf(whole)}`);
  const note = "It was a TPMT_PUBLIC: its size was put before it, which makes it the TPM2B_PUBLIC.";
  return { kind: "read", tpm2bPublic: whole, publicArea: inner.publicArea, notes: [note] };
}

function problemsOf(bytes: Buffer): string {
  const { problems } = parseTpm2bPublic(bytes, { allowEcc: true });
  return problems.map(({ field, offset, message }) => `${field} at byte ${offset}: ${message}`).join("; ");
}

/** tcg-kp-EKCertificate (TCG EK Credential Profile, 3.2.16). */
const EK_CERTIFICATE = "2.23.133.8.1";

/** Public keys and certificates in DER. Undefined for other bytes. */
function readDer(bytes: Buffer): EndorsementKeyReading | undefined {
  if (bytes[0] !== 0x30) return undefined;
  const certificate = tryTo(() => new X509Certificate(bytes));
  if (certificate) {
    const usages: readonly string[] = certificate.keyUsage ?? [];
    if (!usages.includes(EK_CERTIFICATE)) return named("a certificate, and not that of an endorsement key");
    const key = tryTo(() => certificate.publicKey);
    return key ? fromPublicKey(key, "an EK certificate") : named("an EK certificate whose key OpenSSL does not know");
  }
  for (const [type, name] of [
    ["spki", "a public key"],
    ["pkcs1", "a public key (PKCS#1)"],
  ] as const) {
    const key = tryTo(() => createPublicKey({ key: bytes, format: "der", type }));
    if (key) return fromPublicKey(key, name);
  }
  return undefined;
}

function tryTo<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}

/** The TPM2B_PUBLIC of a key that was made from the standard template of its kind: all else of it is fixed there. */
function fromPublicKey(key: KeyObject, name: string): EndorsementKeyReading {
  const area = areaOf(key);
  if (!area) return named(`${name} of another kind than RSA 2048 (exponent 65537) or P-256`);
  const tpm2bPublic = Tpm2bPublic.encode(area);
  const parsed = parseTpm2bPublic(tpm2bPublic, { allowEcc: true });
  if (parsed.kind !== "usable") return named(`${name} that no TPM could have made`);
  const template = area.type === algorithms.rsa ? "L-1" : "L-2";
  const note = `It was ${name}: the TPM2B_PUBLIC was made of it with the standard template (TCG EK Credential Profile, ${template}). It is exact for a key of that template only; for another, take it from the device: ${EXPORT_COMMAND}`;
  return { kind: "read", tpm2bPublic, publicArea: parsed.publicArea, notes: [note] };
}

function areaOf(key: KeyObject): TpmtPublic | undefined {
  const { modulusLength, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {};
  const bytes = (text: string | undefined) => Buffer.from(text ?? "", "base64url");
  const isRsa = key.asymmetricKeyType === "rsa" && modulusLength === 2048 && publicExponent === 65537n;
  if (isRsa && ekTemplate.type === algorithms.rsa)
    return { ...ekTemplate, unique: bytes(key.export({ format: "jwk" }).n) };
  if (namedCurve !== "prime256v1" || eccEkTemplate.type !== algorithms.ecc) return undefined;
  const { x, y } = key.export({ format: "jwk" });
  return { ...eccEkTemplate, unique: { x: bytes(x), y: bytes(y) } };
}

function withNote(reading: EndorsementKeyReading, note: string): EndorsementKeyReading {
  return reading.kind === "read" ? { ...reading, notes: [note, ...reading.notes] } : reading;
}
