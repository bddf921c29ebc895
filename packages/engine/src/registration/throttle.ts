import type { Clock } from "../records/ports.js";

const MINUTE_MS = 60_000;

/** The facts for the answer to a request over the limit. */
export interface Throttled {
  readonly count: number;
  readonly limit: number;
  /** Whole seconds until the minute ends. */
  readonly retryAfter: number;
}

/** Counts registrations by the minute. Each node has its own count. */
export function createThrottle(limit: number | undefined, clock: Clock): () => Throttled | undefined {
  let minute = -1;
  let count = 0;
  return () => {
    if (limit === undefined) return undefined;
    const now = clock();
    const current = Math.floor(now / MINUTE_MS);
    if (current !== minute) {
      minute = current;
      count = 0;
    }
    count++;
    if (count <= limit) return undefined;
    return { count, limit, retryAfter: Math.max(1, Math.ceil(((current + 1) * MINUTE_MS - now) / 1000)) };
  };
}
