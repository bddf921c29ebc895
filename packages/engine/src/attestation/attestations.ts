import type { AttestationKind, EnrollmentGroup, IndividualEnrollment } from "@rollcall/protocol";
import type { EnrollmentRecord } from "../records/records.js";
import type { Attestation, AttestationLookUp, AuthorityReference } from "./judging/attestation.js";
import { symmetricKey } from "./symmetric-key/symmetric-key.js";
import { tpm } from "./tpm/tpm.js";
import { x509 } from "./x509/x509.js";

/** Every kind of attestation; each has its folder. */
export const attestations: Readonly<Record<AttestationKind, Attestation>> = { symmetricKey, x509, tpm };

/**
 * The values by which an enrollment can be found, besides its id. Only groups are looked up by a certificate's subject.
 */
export function lookUpsOf({ attestation, kind }: EnrollmentRecord): readonly AttestationLookUp[] {
  const all = attestations[attestation.type].lookUps(attestation);
  return kind === "individual" ? all.filter(({ by }) => by !== "subject") : all;
}

/** The uploaded CA certificates to which an enrollment refers. */
export const referencesOf = ({ attestation }: EnrollmentRecord): readonly AuthorityReference[] =>
  attestations[attestation.type].references?.(attestation) ?? [];

/** The names of the uploaded CA certificates to which an enrollment on the wire refers. */
export const authoritiesNamedIn = ({ attestation }: IndividualEnrollment | EnrollmentGroup): readonly string[] =>
  attestations[attestation.type].namedAuthorities?.(attestation) ?? [];

/** base64 of the key with which a device signs; undefined if its enrollment does not determine the key. */
export const deviceKeyOf = ({ attestation, kind }: EnrollmentRecord, registrationId: string): string | undefined =>
  attestations[attestation.type].deviceKey?.(attestation, kind, registrationId);
