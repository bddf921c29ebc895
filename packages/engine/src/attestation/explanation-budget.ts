import type { Clock } from "../records/ports.js";

/** Work that goes into explaining refusals, in tries of a key or 20 look-ups: about a tenth of a core. */
export const EXPLANATIONS_PER_SECOND = 12_000;

/**
 * A budget for what only makes a refusal more readable. A stranger can cause refusals for nothing; without an end to the
 * explaining, 60 bad tokens a second would keep a core busy where there are a hundred groups.
 */
export function createBudget(perSecond: number, clock: Clock): (cost: number) => boolean {
  let second = -1;
  let left = 0;
  return (cost) => {
    const current = Math.floor(clock() / 1000);
    if (current !== second) {
      second = current;
      left = perSecond;
    }
    if (left <= 0) return false;
    left -= cost;
    return true;
  };
}
