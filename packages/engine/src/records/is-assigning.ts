import type { OperationRecord } from "./records.js";

/** Clocks of two nodes may be apart by so much. */
const SKEW_MS = 60_000;

/** Whether an operation is not ready yet. One that began long after now was seen by a clock that was set back: it is ready. */
export function isAssigning({ startedAt, readyAt }: OperationRecord, now: number): boolean {
  return now < readyAt && now > startedAt - SKEW_MS;
}
