import type { AttestationKind, EnrollmentKind } from "@rollcall/protocol";

/** What the commands on enrollments say of one kind of attestation. */
interface AttestationFlags {
  /** The member that it cannot be without, and the flags that set it. */
  readonly needed?: (kind: EnrollmentKind) => readonly [path: readonly string[], flags: string];
  /** What somebody who made such an enrollment does next. `where` says which service; ids are quoted. */
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
