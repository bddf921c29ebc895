import { limits } from "@rollcall/protocol";
import { badMember } from "./bad-request.js";
import type { OperatorPage } from "./operator-types.js";

/**
 * How many entries a page has: as many as are asked for, or the largest page there is. `az iot dps enrollment list --top 5000` asks
 * for 5000, and for the rest when it gets less. Throws a 400 for what is no page size.
 */
export function pageLimit({ limit = limits.pageItems.usual }: OperatorPage): number {
  if (Number.isInteger(limit) && limit >= 1) return Math.min(limit, limits.pageItems.max);
  throw badMember("x-ms-max-item-count", "must be a whole number of at least 1");
}
