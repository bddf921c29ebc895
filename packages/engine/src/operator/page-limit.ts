import { limits } from "@rollcall/protocol";
import { badMember } from "./bad-request.js";
import type { OperatorPage } from "./operator-types.js";

/**
 * The number of entries of a page: as requested, or the largest page size. `az iot dps enrollment list --top 5000`
 * requests 5000, and requests the rest when it gets fewer. Throws a 400 for an invalid page size.
 */
export function pageLimit({ limit = limits.pageItems.usual }: OperatorPage): number {
  if (Number.isInteger(limit) && limit >= 1) return Math.min(limit, limits.pageItems.max);
  throw badMember("x-ms-max-item-count", "must be a whole number of at least 1");
}
