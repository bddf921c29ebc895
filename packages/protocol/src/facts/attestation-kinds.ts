import { limits } from "./limits.js";

/** Types of attestation in answers. The parser knows `none`, but the service never accepts it. */
export const attestationTypes = ["none", "tpm", "x509", "symmetricKey"] as const;
export type AttestationType = (typeof attestationTypes)[number];
/** Kinds of proof of a device's identity. Every table of kinds, in every package, has one row for each. */
export type AttestationKind = Exclude<AttestationType, "none">;

/**
 * Whether groups may use this kind, and the largest number of such groups (wire.md#limits: a registration searches all
 * groups of a kind).
 */
type Groups =
  | { readonly allowed: true; readonly limit: number; readonly what: string }
  | { readonly allowed: false; readonly why: string };

/** Facts about a kind that every package may use. The engine checks proofs, and the simulator makes them. */
interface AttestationRow {
  /** Name within a sentence. */
  readonly name: string;
  /** Name of the device's credential, within a sentence. */
  readonly credential: string;
  readonly groups: Groups;
  /**
   * Members that only the attestationmechanism routes return (wire.md#attestationmechanism). A client that reads an
   * enrollment and puts it back has to fetch them first.
   */
  readonly secrets: readonly string[];
  /** True when the service generates credentials that an enrollment leaves out (wire.md#attestationmechanism). */
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

/** The reason why a group cannot use this kind; undefined when it can. */
export function groupRefusal(kind: AttestationKind): string | undefined {
  const { groups } = attestationKinds[kind];
  return groups.allowed ? undefined : `a group cannot use ${kind}: ${groups.why}`;
}

/** True when the service API returns enrollments of this type without their secrets; false for an unknown type. */
export const hasSecrets = (type: unknown): boolean =>
  isAttestationKind(type) && attestationKinds[type].secrets.length > 0;
