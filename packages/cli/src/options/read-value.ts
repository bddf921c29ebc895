import type { Certificate } from "@rollcall/pki";
import { decodeBase64, type EnrollmentKind, type Json, limits } from "@rollcall/protocol";
import { CliError, reasonOf } from "../terminal/cli-error.js";
import { readTextArgument, readUserBytes } from "../terminal/files.js";
import { type FlagValue, reprovisionPolicies } from "./flag-value.js";

/** The flag that a value comes from, and the kind of enrollment that it is for. */
export interface ValueSource {
  /** The flag's name in error messages: `--ek`. */
  readonly flag: string;
  readonly kind: EnrollmentKind;
  /** Tells the user a remark about the value. */
  note(text: string): void;
}

type Reader = (value: unknown, source: ValueSource) => Promise<Json> | Json;

/**
 * Turns commander's value of a flag into the member on the wire. Throws a CliError that names the flag, and never a
 * key.
 */
export const readValue: Readonly<Record<FlagValue, Reader>> = {
  text: (value) => String(value),
  truth: (value) => value === true,
  hubs: (value) => (value as readonly string[]).flatMap((each) => each.split(/[\s,]+/)).filter((each) => each !== ""),
  reprovisionPolicy: (value) => ({ ...reprovisionPolicies[value as keyof typeof reprovisionPolicies] }),
  json: readObject,
  symmetricKey: readKey,
  endorsementKey: readEndorsementKey,
  certificate: readCertificate,
};

/** Reads a JSON object. Empty text means an empty object, as in az. */
async function readObject(value: unknown, { flag }: ValueSource): Promise<Json> {
  const text = await readTextArgument(String(value), flag);
  const parsed = text.trim() === "" ? {} : await parseObject(text, flag);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new CliError("usage", `${flag} is not a JSON object`);
  // The value comes from JSON.parse or from YAML without custom types.
  return parsed as Json;
}

/** Also accepts `{'a':'b'}`, which az's examples write for shells without single quotes: it is a YAML mapping. */
async function parseObject(text: string, flag: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { parse } = await import("yaml");
    try {
      if (/^\s*\{\s*'/.test(text)) return JSON.parse(JSON.stringify(parse(text, { maxAliasCount: 0 })));
    } catch {
      // The error of JSON.parse is the better reason.
    }
    throw new CliError("usage", `${flag} is not JSON: ${reasonOf(error)}`, { cause: error });
  }
}

async function readKey(value: unknown, { flag }: ValueSource): Promise<Json> {
  const text = (await readTextArgument(String(value), flag)).trim();
  const bytes = decodeBase64(text);
  const { min, max } = limits.symmetricKeyBytes;
  if (!bytes) throw new CliError("usage", `${flag} is not base64 with padding`);
  if (bytes.length < min || bytes.length > max)
    throw new CliError("usage", `${flag} has ${bytes.length} bytes; ${min} to ${max} are allowed`);
  return text;
}

async function readEndorsementKey(value: unknown, { flag, note }: ValueSource): Promise<Json> {
  const given = String(value);
  // tpm2-tools write the bytes themselves.
  const source = given.startsWith("@") ? await readUserBytes(given.slice(1), flag) : given;
  const { readEndorsementKey: read } = await import("tpm-js-sim/credential");
  const reading = read(source);
  if (reading.kind === "refused") {
    throw new CliError("usage", `${flag} ${reading.reason}`, { next: "rollcall tpm export-ek --state <dir>" });
  }
  for (const each of reading.notes) note(`${flag}: ${each}`);
  return reading.tpm2bPublic.toString("base64");
}

async function readCertificate(value: unknown, { flag, kind, note }: ValueSource): Promise<Json> {
  const path = String(value);
  const { readCertificateFile } = await import("./certificate-file.js");
  const { certificate, others } = await readCertificateFile(path, flag);
  if (kind === "group") requireCa(certificate, flag, path);
  if (kind === "individual" && certificate.isCa)
    note(
      `${flag} ${path}: ${certificate.subject} is a CA certificate. For the devices that it signs: rollcall enrollment-group create`,
    );
  if (others > 0)
    note(`${flag} ${path} holds ${others + 1} certificates; only the first is used: ${certificate.subject}`);
  return { certificate: certificate.der.toString("base64") };
}

function requireCa(certificate: Certificate, flag: string, path: string): void {
  if (certificate.isCa) return;
  const why = `${certificate.subject} is not a CA certificate (basicConstraints), so it cannot sign device certificates`;
  throw new CliError("usage", `${flag} ${path}: ${why}`, {
    next: "rollcall enrollment create, for the certificate of a single device",
  });
}
