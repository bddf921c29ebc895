import {
  type AttestationLookUp,
  type EnrollmentRecord,
  groupKindOf,
  lookUpsOf as ofAttestation,
} from "@rollcall/engine";
import type { LookUpKind } from "./schema.js";

/** What an enrollment can be found by, beside its id. */
export interface LookUp {
  readonly look_up: LookUpKind;
  readonly value: string;
}

const row = ({ by, value }: AttestationLookUp): LookUp => ({ look_up: by, value });

export function lookUpsOf(record: EnrollmentRecord): readonly LookUp[] {
  const own = ofAttestation(record).map(row);
  // Groups are few and asked for by kind; nobody asks for individual enrollments that way.
  if (record.kind === "individual") return own;
  return [...own, { look_up: "attestation", value: groupKindOf(record) }];
}
