import { attestationKinds, type GroupKind, idKey } from "@rollcall/protocol";
import { groupKindOf } from "../records/group-kind.js";
import type { GroupRecord } from "../records/records.js";
import type { Store } from "../records/store.js";

/** How many groups there may be with the attestation of this one (wire.md#limits): each kind is limited by itself. */
export const groupLimit = (record: Pick<GroupRecord, "attestation">): number =>
  attestationKinds[groupKindOf(record)].groups.limit;

/**
 * What a store would hold too many of with these groups in it, in words; undefined when all have their place. `incoming`: by
 * `idKey` of the id. A store that is told the limit (`putGroup`) holds to it also when several are created at the same moment.
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
