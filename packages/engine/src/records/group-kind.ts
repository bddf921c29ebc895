import { type GroupKind, groupRefusal, isGroupKind } from "@rollcall/protocol";
import type { GroupRecord } from "./records.js";

/**
 * The kind by which groups are counted and looked through. Throws for a kind that groups cannot use; such groups are
 * never saved.
 */
export function groupKindOf({ attestation: { type } }: Pick<GroupRecord, "attestation">): GroupKind {
  if (isGroupKind(type)) return type;
  throw new Error(groupRefusal(type));
}
