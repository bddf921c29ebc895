import {
  type AttestationLookUp,
  type EnrollmentRecord,
  groupKindOf,
  lookUpsOf as ofAttestation,
} from "@rollcall/engine";
import type { LookUpKind } from "./schema.js";

/** A value by which an enrollment can be found, besides its id. */
export interface LookUp {
  readonly look_up: LookUpKind;
  readonly value: string;
}

const row = ({ by, value }: AttestationLookUp): LookUp => ({ look_up: by, value });

export function lookUpsOf(record: EnrollmentRecord): readonly LookUp[] {
  const own = ofAttestation(record).map(row);
  // Only groups are looked up by kind of attestation.
  if (record.kind === "individual") return own;
  return [...own, { look_up: "attestation", value: groupKindOf(record) }];
}
