import { limits } from "./facts/limits.js";

/** What the service answers as the type of an attestation; `none` is read, never taken. */
export const attestationTypes = ["none", "tpm", "x509", "symmetricKey"] as const;
export type AttestationType = (typeof attestationTypes)[number];
/** The ways in which a device proves who it is: every table of kinds, in every package, has one row for each. */
export type AttestationKind = Exclude<AttestationType, "none">;

/** Whether an enrollment group may attest in this way, and how many may (wire.md#limits: registrations look through all of a kind). */
type Groups =
  | { readonly allowed: true; readonly limit: number; readonly what: string }
  | { readonly allowed: false; readonly why: string };

/** What every package may ask of a kind. How it is judged stands in the engine, how a device proves itself in the simulator. */
interface AttestationRow {
  /** As people write it within a sentence. */
  readonly name: string;
  /** What a device shows, within a sentence. */
  readonly credential: string;
  readonly groups: Groups;
  /** Members of the mechanism that only the attestationmechanism routes answer (wire.md#attestationmechanism): who puts an enrollment back as it was read has to fetch them. */
  readonly secrets: readonly string[];
  /** The service makes the credentials that an enrollment leaves out (wire.md#attestationmechanism); the others have to be said, device by device. */
  readonly generated: boolean;
}

/** One row for each kind. */
export const attestationKinds = {
  tpm: {
    name: "TPM",
    credential: "a TPM",
    groups: { allowed: false, why: "TPMs are enrolled one by one" },
    secrets: [],
    generated: false,
  },
  x509: {
    name: "X.509",
    credential: "an X.509 certificate",
    groups: { allowed: true, limit: limits.x509Groups, what: "X.509 enrollment groups" },
    secrets: [],
    generated: false,
  },
  symmetricKey: {
    name: "symmetric key",
    credential: "a symmetric key",
    groups: { allowed: true, limit: limits.symmetricKeyGroups, what: "symmetric-key enrollment groups" },
    secrets: ["primaryKey", "secondaryKey"],
    generated: true,
  },
} as const satisfies Record<AttestationKind, AttestationRow>;

/** The kinds, in the order of `attestationTypes`. */
export const attestationKindNames: readonly AttestationKind[] = attestationTypes.filter((type) => type !== "none");

type Rows = typeof attestationKinds;
/** The kinds that an enrollment group may attest by. */
export type GroupKind = {
  [K in AttestationKind]: Rows[K]["groups"]["allowed"] extends true ? K : never;
}[AttestationKind];

export const isAttestationKind = (type: unknown): type is AttestationKind =>
  typeof type === "string" && Object.hasOwn(attestationKinds, type);

export const isGroupKind = (kind: AttestationKind): kind is GroupKind => attestationKinds[kind].groups.allowed;

/** Why a group cannot attest in this way, in words; undefined where it can. */
export function groupRefusal(kind: AttestationKind): string | undefined {
  const { groups } = attestationKinds[kind];
  return groups.allowed ? undefined : `a group cannot use ${kind}: ${groups.why}`;
}

/** Whether an enrollment of this type is read without its credentials; so is none of a type that is no kind. */
export const hasSecrets = (type: unknown): boolean =>
  isAttestationKind(type) && attestationKinds[type].secrets.length > 0;
