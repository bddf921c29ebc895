import { idKey, limits } from "@rollcall/protocol";
import type { GroupRecord, Store } from "../records/ports.js";

/**
 * The two kinds of groups that are limited, each by itself (wire.md#limits): registrations look through all of a kind.
 */
const quotas = {
  symmetricKey: { limit: limits.symmetricKeyGroups, what: "symmetric-key groups" },
  x509: { limit: limits.x509Groups, what: "X.509 groups" },
} as const;
export type GroupQuota = keyof typeof quotas;

/** How many groups there may be with the attestation of this one. */
export const groupLimit = (record: Pick<GroupRecord, "attestation">): number => quotas[quotaOf(record)].limit;

export const quotaOf = ({ attestation }: Pick<GroupRecord, "attestation">): GroupQuota =>
  attestation.type === "symmetricKey" ? "symmetricKey" : "x509";

/**
 * What a store would hold too many of with these groups in it, in words; undefined when all have their place. `incoming`: by
 * `idKey` of the id. A store that is told the limit (`putGroup`) holds to it also when several are created at the same moment.
 */
export async function quotaProblem(
  store: Store,
  incoming: ReadonlyMap<string, GroupQuota>,
): Promise<string | undefined> {
  const groups = new Map(incoming);
  for (const each of [...(await store.x509Groups()), ...(await store.symmetricKeyGroups())]) {
    const key = idKey(each.enrollmentGroupId);
    if (!groups.has(key)) groups.set(key, quotaOf(each));
  }
  for (const quota of new Set(incoming.values())) {
    const { limit, what } = quotas[quota];
    const count = [...groups.values()].filter((each) => each === quota).length;
    if (count > limit) return `there would be ${count} ${what}; ${limit} are allowed`;
  }
  return undefined;
}
