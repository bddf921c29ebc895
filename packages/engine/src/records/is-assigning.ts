import type { OperationRecord } from "./records.js";

/** Largest difference between the clocks of two nodes. */
const SKEW_MS = 60_000;

/**
 * Whether an operation is not ready yet. An operation that seems to begin long after now counts as ready: the clock was
 * set back.
 */
export function isAssigning({ startedAt, readyAt }: OperationRecord, now: number): boolean {
  return now < readyAt && now > startedAt - SKEW_MS;
}
