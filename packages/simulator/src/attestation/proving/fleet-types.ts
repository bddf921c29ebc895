import type { AttestationKind } from "@rollcall/protocol";
import { z } from "zod";
import type { DeviceIdentity } from "./identity.js";

/** Deviations of a device from a good device. */
export const faults = ["none", "omitIntermediate", "wrongThumbprint", "disabled"] as const;
export type Fault = (typeof faults)[number];

/** A name in a fleet file. */
export const slug = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, "letters, digits and hyphens inside, at most 40");

/** The attestation in a fleet file, by kind. */
const groupAttestations = {
  x509: z.strictObject({
    type: z.literal("x509"),
    /**
     * The certificate that is enrolled: the CA's root or intermediate for the whole group, or each device's own leaf.
     */
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

/** The credentials in an enrollment, by kind. Keys are base64, certificates PEM. */
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
/** The attestation of an enrollment of the fleet. */
export type FleetAttestation<K extends AttestationKind = AttestationKind> = FleetAttestations[K];

/** The source of all secrets of a fleet. */
export interface FleetSeed {
  readonly name: string;
  readonly seed: string;
  /** Dates of the fleet's certificates. */
  readonly certificates: { readonly notBefore: string; readonly notAfter: string };
}

/** Text files by name: the content of `certs/<fleet>/`, which is everything that is slow to derive. */
export type FleetFiles = ReadonlyMap<string, string>;

/** A device of a fleet that needs credentials. */
export interface FleetMember<K extends AttestationKind = AttestationKind> {
  readonly registrationId: string;
  /** The enrollment group, for devices that are enrolled by a group. */
  readonly enrollmentGroupId?: string;
  readonly attestation: GroupAttestation<K>;
  readonly fault: Fault;
}

/** The identity of a device, and the attestation that its enrollment needs. */
export interface FleetCredentials<K extends AttestationKind = AttestationKind> {
  readonly identity: DeviceIdentity<K>;
  readonly enrolled: FleetAttestation<K>;
}
