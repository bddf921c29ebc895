import type { Clock } from "../records/ports.js";

/** Work that may go into explaining refusals each second, in tries of a key or 20 look-ups: about a tenth of a core. */
export const EXPLANATIONS_PER_SECOND = 12_000;

/**
 * Makes a budget for work that only makes a refusal more readable. Anyone can cause refusals at no cost: without a
 * limit, 60 bad tokens a second would keep a core busy at a service with a hundred groups.
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
