import { certificatesOf, type EnrollmentRecord, type GroupRecord } from "@rollcall/engine";
import type { LookUpKind } from "./schema.js";

/** A value by which an enrollment can be found, besides its id. */
export interface LookUp {
  readonly look_up: LookUpKind;
  readonly value: string;
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

function ofAttestation({ attestation }: EnrollmentRecord): readonly LookUp[] {
  if (attestation.type === "tpm") return [{ look_up: "endorsementKey", value: attestation.endorsementKeyHash }];
  if (attestation.type === "symmetricKey") return [];
  const certificates = certificatesOf(attestation);
  const subjects = certificates.flatMap(({ subject }) => subject ?? []);
  return [
    ...distinct(certificates.map(({ thumbprint }) => thumbprint)).map((value) => ({
      look_up: "certificate" as const,
      value,
    })),
    ...distinct(subjects).map((value) => ({ look_up: "subject" as const, value })),
  ];
}

export function lookUpsOf(record: EnrollmentRecord): readonly LookUp[] {
  const own = ofAttestation(record);
  // Only groups are looked up by subject and by kind of attestation.
  if (record.kind === "individual") return own.filter(({ look_up }) => look_up !== "subject");
  return [...own, { look_up: "attestation", value: groupKind(record) }];
}

/** The kind of attestation by which groups are counted and listed. */
export const groupKind = ({ attestation }: GroupRecord): "symmetricKey" | "x509" =>
  attestation.type === "symmetricKey" ? "symmetricKey" : "x509";
