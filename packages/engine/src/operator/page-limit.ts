import { limits } from "@rollcall/protocol";
import type { OperatorPage } from "../operator-types.js";
import { badMember } from "./bad-request.js";

/** How many entries a page has. Throws a 400 for what is no page size. */
export function pageLimit({ limit = limits.pageItems.usual }: OperatorPage): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limits.pageItems.max) return limit;
  throw badMember("x-ms-max-item-count", `is no whole number from 1 to ${limits.pageItems.max}`);
}
