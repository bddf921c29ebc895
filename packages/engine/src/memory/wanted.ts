import { idKey } from "@rollcall/protocol";
import type { EnrollmentRecord } from "../records/records.js";
import type { EnrollmentFilter } from "../records/store.js";

/** Makes the predicate of a filter: a part of the key, and a status. */
export function isWanted({ search, status }: EnrollmentFilter): (record: EnrollmentRecord, key: string) => boolean {
  const part = idKey(search ?? "");
  return (record, key) => key.includes(part) && (status === undefined || record.provisioningStatus === status);
}
