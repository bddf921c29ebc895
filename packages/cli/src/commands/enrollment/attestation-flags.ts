import type { AttestationKind, EnrollmentKind } from "@rollcall/protocol";

/** Flags and suggestions of the enrollment commands for one kind of attestation. */
interface AttestationFlags {
  /** The required member, and the flags that set it. */
  readonly needed?: (kind: EnrollmentKind) => readonly [path: readonly string[], flags: string];
  /** The command to suggest after such an enrollment was created. `where` is its `--location`; ids are quoted. */
  readonly next: (kind: EnrollmentKind, id: string, where: string) => string;
}

/** One row for each kind. */
export const attestationFlags: Readonly<Record<AttestationKind, AttestationFlags>> = {
  symmetricKey: {
    next: (kind, id, where) =>
      kind === "group"
        ? `rollcall env <registration-id> --group ${id}${where}`
        : `eval "$(rollcall env ${id}${where})"`,
  },
  tpm: {
    needed: () => [["tpm", "endorsementKey"], "--ek <base64>"],
    next: (_kind, id, where) => `rollcall device register --rid ${id} --tpm <dir>${where}`,
  },
  x509: {
    needed: (kind) => [["x509"], kind === "group" ? "--cp <file> or --ca-name <name>" : "--cp <file>"],
    next: (kind, id, where) =>
      `rollcall device register --rid ${kind === "group" ? "<common name>" : id} --cp <chain file> --kp <key file>${where}`,
  },
};
