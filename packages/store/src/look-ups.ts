import type { EnrollmentRecord } from "@rollcall/engine";

/** What an enrollment can be found by, beside its id. */
export interface LookUps {
  readonly thumbprints: readonly string[];
  readonly subjects: readonly string[];
  readonly endorsementKeyHash?: string;
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

export function lookUpsOf({ attestation }: EnrollmentRecord): LookUps {
  if (attestation.type === "tpm") {
    return { thumbprints: [], subjects: [], endorsementKeyHash: attestation.endorsementKeyHash };
  }
  if (attestation.type !== "x509" || attestation.holds === "caReferences") return { thumbprints: [], subjects: [] };
  const certificates = [attestation.primary, ...(attestation.secondary ? [attestation.secondary] : [])];
  return {
    thumbprints: distinct(certificates.map(({ thumbprint }) => thumbprint)),
    subjects: distinct(certificates.flatMap(({ subject }) => subject ?? [])),
  };
}
