/** State or result of an attempt. */
export const attemptOutcomes = [
  "open",
  "challenged",
  "accepted",
  "assigned",
  "failed",
  "refused",
  "connected",
  "abandoned",
] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** One name for all attempts that went wrong, at any step and on either side: a filter of lists, not an outcome. */
const WRONG = "wrong";
const wrongOutcomes: readonly AttemptOutcome[] = ["failed", "refused", "abandoned"];

/** The filters of a list of attempts: one outcome, or all attempts that went wrong. */
export const attemptFilters = [...attemptOutcomes, WRONG] as const;
export type AttemptFilterName = (typeof attemptFilters)[number];

/** Whether an attempt with this outcome belongs to the list; without a filter all do. */
export function passesFilter(outcome: AttemptOutcome, filter: AttemptFilterName | undefined): boolean {
  if (filter === WRONG) return wrongOutcomes.includes(outcome);
  return filter === undefined || filter === outcome;
}
