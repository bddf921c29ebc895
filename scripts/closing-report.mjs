/** The text at the end of a test run: skipped tests, failures beside the tests, the slowest files, the totals. */

/** One block for each reason, the longest first, since a missing program usually skips many tests. */
function skippedText(skipped) {
  const byReason = new Map();
  for (const { reason, test } of skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), test]);
  const blocks = [...byReason].sort(([, a], [, b]) => b.length - a.length);
  const lines = blocks.flatMap(([reason, tests]) => [
    `  ${tests.length} × ${reason}`,
    ...tests.map((test) => `      ${test}`),
  ]);
  return ["", "=".repeat(72), `SKIPPED: ${skipped.length} of the tests did not run`, ...lines, "=".repeat(72)].join(
    "\n",
  );
}

function slowestText(slowest) {
  const rows = slowest.map(
    ({ file, project, milliseconds }) => `${(milliseconds / 1000).toFixed(1).padStart(7)} s  ${file} (${project})`,
  );
  return ["", "The slowest files, loading and hooks included:", ...rows].join("\n");
}

/** The last line, which programs read. Problems outside tests count as failed. */
export const totalsLine = ({ passed, failed, skipped, other }) =>
  `${passed} passed, ${failed + other.length} failed, ${skipped.length} skipped`;

/** The text after vitest's own; its last line is the line of totals. */
export function closingReport(result) {
  const { skipped, other, slowest } = result;
  const parts = [];
  if (skipped.length > 0) parts.push(skippedText(skipped));
  if (other.length > 0) parts.push(`\nAlso counted as failed:\n${other.map((line) => `  ${line}`).join("\n")}`);
  if (slowest.length > 0) parts.push(slowestText(slowest));
  return [...parts, `\n${totalsLine(result)}`].join("\n");
}
