import { type GroupKind, groupRefusal, isGroupKind } from "@rollcall/protocol";
import type { GroupRecord } from "./records.js";

/** By what groups are counted, and looked through. Throws for a kind that no group may have: none is ever saved. */
export function groupKindOf({ attestation: { type } }: Pick<GroupRecord, "attestation">): GroupKind {
  if (isGroupKind(type)) return type;
  throw new Error(groupRefusal(type));
}
