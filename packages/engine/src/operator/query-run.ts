import { attestationKindNames, type EnrollmentGroup, type IndividualEnrollment } from "@rollcall/protocol";
import { attestations } from "../attestation/attestations.js";
import type { EnrollmentRecord } from "../records/records.js";
import { wireMember } from "../wire/wire-enrollment.js";
import type { Collection } from "./collections.js";
import type { Cursor } from "./continuation.js";
import { ownRegistration } from "./enrollment-operations.js";
import type { OperatorContext } from "./operator-context.js";
import { meets, mentions, type ReadMember } from "./query-match.js";
import type { Query } from "./query-parser.js";

/** A query that is being run. */
export interface QueryRun<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup> {
  readonly collection: Collection<R, E>;
  readonly query: Query;
  readonly limit: number;
  readonly after: Cursor | undefined;
  readonly context: OperatorContext;
}

/** A page, and the beginning of the next page; absent on the last page. */
export interface QueryPage<R> {
  readonly records: readonly R[];
  readonly next?: Cursor;
}

/** The members of an attestation that are slow to show. */
export const slowMembers: readonly string[] = attestationKindNames.filter((kind) => attestations[kind].isSlowToShow);

/**
 * Whether a record meets the condition. Reads only what the condition needs: certificates and registrations are slow.
 */
export async function isWanted<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  record: R,
  { query: { where }, collection, context }: QueryRun<R, E>,
): Promise<boolean> {
  if (!where) return true;
  const asks = {
    registration: mentions(where, ["registrationState"]),
    certificates: slowMembers.some((kind) => mentions(where, ["attestation", kind])),
  };
  return meets(await reader(record, asks, context), where, collection.kind);
}

/** Returns a function that reads members of a record's wire form. */
export async function reader(
  record: EnrollmentRecord,
  asks: { readonly registration: boolean; readonly certificates: boolean },
  { store, clock, allocationPolicy }: OperatorContext,
): Promise<ReadMember> {
  const registration = asks.registration ? await ownRegistration(record, store) : undefined;
  const about = { registration, now: clock(), allocationPolicy, withoutCertificates: !asks.certificates };
  return (name) => wireMember(record, name, about);
}
