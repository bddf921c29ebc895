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
