import { idKey, type Seed } from "@rollcall/protocol";
import { EnrollmentError } from "../records/enrollment-error.js";
import { groupKindOf } from "../records/group-kind.js";
import type { GroupRecord, IndividualRecord } from "../records/records.js";
import type { Store } from "../records/store.js";
import { groupRecord, individualRecord, namedAuthorities, type RecordContext } from "./enrollment-record.js";
import { quotaProblem } from "./group-quota.js";

/** Number of enrollments of a seed that were put, and number that existed already and stay unchanged. */
export interface SeedCount {
  readonly individuals: number;
  readonly groups: number;
  readonly kept: number;
}

/**
 * Puts the enrollments of a seed into a store. By default, it keeps existing enrollments with the same id, so that
 * changes which an operator made since the last start stay. Throws EnrollmentError with the full path; nothing is put
 * then.
 */
export async function loadSeed(
  store: Store,
  seed: Seed,
  context: RecordContext,
  existing: "keep" | "replace" = "keep",
): Promise<SeedCount> {
  const expected = existing === "keep" ? "absent" : undefined;
  const lenient = { ...context, loneKey: "generate" as const };
  const individuals: IndividualRecord[] = [];
  for (const [index, enrollment] of seed.enrollments.entries()) {
    const authorities = await namedAuthorities(store, enrollment);
    individuals.push(at(`enrollments.${index}`, () => individualRecord(enrollment, { ...lenient, authorities })));
  }
  const groups: GroupRecord[] = [];
  for (const [index, enrollment] of seed.enrollmentGroups.entries()) {
    const authorities = await namedAuthorities(store, enrollment);
    groups.push(at(`enrollmentGroups.${index}`, () => groupRecord(enrollment, { ...lenient, authorities })));
  }
  refuseTwice(
    individuals.map((record) => record.registrationId),
    "enrollments",
  );
  refuseTwice(
    groups.map((record) => record.enrollmentGroupId),
    "enrollmentGroups",
  );
  const incoming = new Map(groups.map((record) => [idKey(record.enrollmentGroupId), groupKindOf(record)]));
  const problem = await quotaProblem(store, incoming);
  if (problem !== undefined) throw new EnrollmentError("enrollmentGroups", problem);
  const [putIndividuals, putGroups] = await Promise.all([
    // All at the same time, so that a store can commit them together.
    Promise.all(individuals.map((record) => store.putIndividual(record, expected))),
    Promise.all(groups.map((record) => store.putGroup(record, expected))),
  ]);
  const put = { individuals: putIndividuals.filter(Boolean).length, groups: putGroups.filter(Boolean).length };
  return { ...put, kept: individuals.length + groups.length - put.individuals - put.groups };
}

function at<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof EnrollmentError)) throw error;
    throw new EnrollmentError(`${path}.${error.path}`, error.message, { cause: error });
  }
}

function refuseTwice(ids: readonly string[], path: string): void {
  const seen = new Set<string>();
  ids.forEach((id, index) => {
    if (seen.has(idKey(id)))
      throw new EnrollmentError(`${path}.${index}`, `${id} appears twice (case does not matter)`);
    seen.add(idKey(id));
  });
}
