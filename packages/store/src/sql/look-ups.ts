import { certificatesOf, type EnrollmentRecord, type GroupRecord } from "@rollcall/engine";
import type { LookUpKind } from "./schema.js";

/** What an enrollment can be found by, beside its id. */
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
  // Groups are few and asked for by kind; nobody asks for individual enrollments that way, nor by subject.
  if (record.kind === "individual") return own.filter(({ look_up }) => look_up !== "subject");
  return [...own, { look_up: "attestation", value: groupKind(record) }];
}

/** By what groups are counted, and looked through. */
export const groupKind = ({ attestation }: GroupRecord): "symmetricKey" | "x509" =>
  attestation.type === "symmetricKey" ? "symmetricKey" : "x509";
