import type { AttemptOutcome, AttemptSummary } from "@rollcall/protocol";

/**
 * Puts a changed attempt into a list, newest first: replaces its older version, else inserts it by its time. An attempt
 * that the filter excludes is removed.
 */
export function mergeAttempt(
  attempts: readonly AttemptSummary[],
  changed: AttemptSummary,
  { outcome, max }: { readonly outcome: AttemptOutcome | undefined; readonly max: number },
): readonly AttemptSummary[] {
  const wanted = outcome === undefined || changed.outcome === outcome;
  const index = attempts.findIndex(({ trackingId }) => trackingId === changed.trackingId);
  if (index >= 0) return wanted ? attempts.with(index, changed) : attempts.toSpliced(index, 1);
  if (!wanted) return attempts;
  const place = attempts.findIndex(({ startedAt }) => startedAt <= changed.startedAt);
  return attempts.toSpliced(place < 0 ? attempts.length : place, 0, changed).slice(0, max);
}
