import { type AttestationKind, attestationKindNames, decodeBase64, deriveDeviceKey } from "@rollcall/protocol";
import type { DeviceIdentity } from "@rollcall/simulator";
import { CliError } from "../../terminal/cli-error.js";
import { readUserFile } from "../../terminal/files.js";
import type { Terminal } from "../../terminal/terminal.js";
import type { ReadIdentity } from "./read-identity.js";

/** The flags of `device register` that say how the device proves itself. */
export interface IdentityFlags {
  readonly registrationId: string;
  readonly attestationType?: AttestationKind;
  readonly certificatePath?: string;
  readonly keyPath?: string;
  readonly symmetricKey?: string;
  readonly computeKey?: boolean;
  readonly tpm?: string;
}

/** Reads the identity that the flags name. Throws CliError for unusable files and keys. */
export async function readIdentity(flags: IdentityFlags, terminal: Terminal): Promise<ReadIdentity> {
  const kind = flags.attestationType ?? impliedKind(flags);
  return readers[kind].read(flags, terminal);
}

const nothingToSave = async (): Promise<void> => {};

/** One kind of identity: whether the flags imply it, and how it is read. */
interface Reader {
  readonly isImplied: (flags: IdentityFlags) => boolean;
  readonly read: (flags: IdentityFlags, terminal: Terminal) => Promise<ReadIdentity>;
}

const readers: Readonly<Record<AttestationKind, Reader>> = {
  x509: {
    isImplied: ({ certificatePath, keyPath }) => certificatePath !== undefined || keyPath !== undefined,
    read: async (flags) => ({ identity: await readX509(flags), save: nothingToSave }),
  },
  symmetricKey: {
    isImplied: (flags) => flags.symmetricKey !== undefined,
    read: async (flags) => ({ identity: await readSymmetricKey(flags), save: nothingToSave }),
  },
  tpm: {
    isImplied: (flags) => flags.tpm !== undefined,
    async read(flags, terminal) {
      const { openTpm } = await import("./tpm-folder.js");
      return openTpm(required(flags.tpm, "--tpm <dir>", "tpm"), terminal);
    },
  },
};

function impliedKind(flags: IdentityFlags): AttestationKind {
  const implied = attestationKindNames.filter((kind) => readers[kind].isImplied(flags));
  const [kind, other] = implied;
  if (kind !== undefined && other === undefined) return kind;
  const said =
    kind === undefined
      ? "no flag says how the device proves its identity"
      : "the flags name more than one attestation type";
  throw new CliError("usage", `${said}: give --cp and --kp, or --key, or --tpm`, {
    next: "rollcall device register --help",
  });
}

async function readX509(flags: IdentityFlags): Promise<DeviceIdentity> {
  const certificatePath = required(flags.certificatePath, "--cp <file>", "x509");
  const keyPath = required(flags.keyPath, "--kp <file>", "x509");
  const certificatePem = await readUserFile(certificatePath, "--cp");
  const keyPem = await readUserFile(keyPath, "--kp");
  if (!certificatePem.includes("-----BEGIN CERTIFICATE-----"))
    throw new CliError("usage", `--cp ${certificatePath}: the file contains no PEM certificate`);
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(keyPem))
    throw new CliError("usage", `--kp ${keyPath}: the file contains no PEM private key`);
  return { kind: "x509", certificatePem, keyPem };
}

/** No error message repeats the key. */
async function readSymmetricKey(flags: IdentityFlags): Promise<DeviceIdentity> {
  const given = required(flags.symmetricKey, "--key <base64>", "symmetricKey");
  const text = given.startsWith("@") ? await readUserFile(given.slice(1), "--key") : given;
  const bytes = decodeBase64(text.trim());
  if (!bytes || bytes.length === 0) throw new CliError("usage", "--key is not base64 with padding");
  const key = flags.computeKey === true ? deriveDeviceKey(bytes, flags.registrationId) : bytes;
  return { kind: "symmetricKey", key: key.toString("base64") };
}

function required(value: string | undefined, flag: string, kind: AttestationKind): string {
  if (value === undefined)
    throw new CliError("usage", `--at ${kind} needs ${flag}`, { next: "rollcall device register --help" });
  return value;
}
