import type { FleetReport } from "../fleet/report-types.js";

/** The report as text: a table per attestation, what was refused, what was not as expected, one closing line. */
export function formatReport(report: FleetReport): string {
  return `not built yet: ${report.fleet}`;
}
