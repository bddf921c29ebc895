/** The facts of a test run, as scripts/test-reporter.mjs writes them. */
export interface TestResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly reason: string; readonly test: string }[];
  readonly other: readonly string[];
  readonly slowest: readonly { readonly file: string; readonly project: string; readonly milliseconds: number }[];
}

export function totalsLine(result: TestResult): string;
export function closingReport(result: TestResult): string;
