/** A vitest reporter that writes totals, skipped tests with their reasons, and the slowest files as JSON for scripts/test.mjs. */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";

function reasonOf(test) {
  const result = test.result();
  if (result.state === "skipped" && result.note) return result.note;
  if (test.options.mode === "todo") return "to be written";
  if (result.state === "pending") return "not reached: the run ended before it";
  // `skipIf` has no note. A title that names the requirement takes its place: describe("… (needs swtpm)").
  const need = /\bneeds [^)]+/.exec(test.fullName);
  return need?.[0] ?? "no reason given";
}

/** Problems that fail the run outside a test: a file that does not load, an uncaught error. */
function failuresOutsideTests(modules, unhandledErrors) {
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const broken = suites.flatMap((suite) =>
    suite.errors().map((error) => `${suite.fullName ?? suite.relativeModuleId}: ${error.message}`),
  );
  return [...broken, ...unhandledErrors.map((error) => `unhandled: ${error.message}`)];
}

const slowestCount = 15;

/**
 * The files that took longest, loading and hooks included, in milliseconds. Files run in parallel, so the run takes
 * less than their sum.
 */
function slowestFiles(modules) {
  const rows = modules.map((module) => {
    const { collectDuration, setupDuration, duration } = module.diagnostic();
    const milliseconds = Math.round(collectDuration + setupDuration + duration);
    return { file: relative(process.cwd(), module.moduleId), project: module.project.name, milliseconds };
  });
  return rows.sort((a, b) => b.milliseconds - a.milliseconds).slice(0, slowestCount);
}

export default class TotalsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const file = process.env.ROLLCALL_TEST_RESULT;
    if (!file) return;
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (...states) => tests.filter((test) => states.includes(test.result().state));
    const skipped = inState("skipped", "pending").map((test) => ({
      reason: reasonOf(test),
      test: `${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}`,
    }));
    const other = failuresOutsideTests(modules, unhandledErrors);
    const counts = { passed: inState("passed").length, failed: inState("failed").length };
    writeFileSync(file, JSON.stringify({ ...counts, skipped, other, slowest: slowestFiles(modules) }));
  }
}
