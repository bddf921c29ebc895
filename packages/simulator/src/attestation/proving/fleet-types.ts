import type { AttestationKind } from "@rollcall/protocol";
import { z } from "zod";
import type { DeviceIdentity } from "./identity.js";

/** Where a device deviates from a good one. */
export const faults = ["none", "omitIntermediate", "wrongThumbprint", "disabled"] as const;
export type Fault = (typeof faults)[number];

/** A name in a fleet file. */
export const slug = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, "letters, digits and hyphens inside, at most 40");

/** How a fleet file says each kind. */
const groupAttestations = {
  x509: z.strictObject({
    type: z.literal("x509"),
    /** Which certificate is enrolled: the CA's root or intermediate for the whole group, or each device's own leaf. */
    enrolled: z.enum(["root", "intermediate", "individual"]),
    /** Groups with different names have different roots. */
    ca: slug.optional(),
  }),
  symmetricKey: z.strictObject({ type: z.literal("symmetricKey"), enrolled: z.enum(["individual", "group"]) }),
  tpm: z.strictObject({ type: z.literal("tpm") }),
} as const satisfies Record<AttestationKind, z.ZodType<{ readonly type: string }>>;

export const groupAttestation = z.discriminatedUnion("type", [
  groupAttestations.x509,
  groupAttestations.symmetricKey,
  groupAttestations.tpm,
]);
/** How the devices of a group attest. */
export type GroupAttestation<K extends AttestationKind = AttestationKind> = {
  readonly [P in K]: z.output<(typeof groupAttestations)[P]>;
}[K];

/** What is enrolled of each kind. Keys are base64, certificates PEM. */
interface FleetAttestations {
  readonly x509:
    | { readonly type: "x509"; readonly signingCertificatePem: string }
    | { readonly type: "x509"; readonly clientCertificatePem: string };
  readonly symmetricKey: {
    readonly type: "symmetricKey";
    readonly primaryKey: string;
    readonly secondaryKey: string;
  };
  readonly tpm: { readonly type: "tpm"; readonly endorsementKey: string };
}
/** How an enrollment of the fleet proves its devices. */
export type FleetAttestation<K extends AttestationKind = AttestationKind> = FleetAttestations[K];

/** What all secrets of a fleet come from. */
export interface FleetSeed {
  readonly name: string;
  readonly seed: string;
  /** Dates of its certificates. */
  readonly certificates: { readonly notBefore: string; readonly notAfter: string };
}

/** Text files by name: what `certs/<fleet>/` holds, and all that is slow to derive. */
export type FleetFiles = ReadonlyMap<string, string>;

/** A device of a fleet that is to have credentials. */
export interface FleetMember<K extends AttestationKind = AttestationKind> {
  readonly registrationId: string;
  /** The enrollment group, for devices that are enrolled with others. */
  readonly enrollmentGroupId?: string;
  readonly attestation: GroupAttestation<K>;
  readonly fault: Fault;
}

/** What a device proves itself with, and what its enrollment must hold for that. */
export interface FleetCredentials<K extends AttestationKind = AttestationKind> {
  readonly identity: DeviceIdentity<K>;
  readonly enrolled: FleetAttestation<K>;
}
