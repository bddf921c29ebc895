import { attestationKinds, type GroupKind, idKey } from "@rollcall/protocol";
import { groupKindOf } from "../records/group-kind.js";
import type { GroupRecord } from "../records/records.js";
import type { Store } from "../records/store.js";

/**
 * The largest number of groups with the same kind of attestation as this group (wire.md#limits); each kind has its own
 * limit.
 */
export const groupLimit = (record: Pick<GroupRecord, "attestation">): number =>
  attestationKinds[groupKindOf(record)].groups.limit;

/**
 * Describes the quota that a store would exceed with these groups in it; undefined when no quota is exceeded.
 * `incoming`: by `idKey` of the id. When several groups are created at the same moment, `putGroup` applies the limit.
 */
export async function quotaProblem(
  store: Store,
  incoming: ReadonlyMap<string, GroupKind>,
): Promise<string | undefined> {
  const groups = new Map(incoming);
  for (const each of [...(await store.x509Groups()), ...(await store.symmetricKeyGroups())]) {
    const key = idKey(each.enrollmentGroupId);
    if (!groups.has(key)) groups.set(key, groupKindOf(each));
  }
  for (const kind of new Set(incoming.values())) {
    const { limit, what } = attestationKinds[kind].groups;
    const count = [...groups.values()].filter((each) => each === kind).length;
    if (count > limit) return `there would be ${count} ${what}; the limit is ${limit}`;
  }
  return undefined;
}
