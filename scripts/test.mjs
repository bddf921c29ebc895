/**
 * Runs the tests, and ends with the skipped tests and reasons, the slowest files, and one plain line of totals.
 *
 *   node scripts/test.mjs [--long] [vitest arguments]
 *
 * The exit code is vitest's. With ROLLCALL_TEST_SUMMARY=FILE the line of totals is also written to that file.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { closingReport, totalsLine } from "./closing-report.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "rollcall-test-"));
const resultFile = join(folder, "result.json");

/** On Ctrl-C, vitest stops its workers and still reports, so this process waits for it. */
process.on("SIGINT", () => {});

function runVitest(args) {
  const long = args.includes("--long");
  const flags = ["run", "--reporter=default", "--reporter=./scripts/test-reporter.mjs"];
  return new Promise((resolve, reject) => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const child = spawn(process.execPath, [vitest, ...flags, ...args.filter((arg) => arg !== "--long")], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ROLLCALL_TEST_RESULT: resultFile, ...(long ? { ROLLCALL_TEST: "long" } : {}) },
    });
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function readResult() {
  if (existsSync(resultFile)) return JSON.parse(readFileSync(resultFile, "utf8"));
  return { passed: 0, failed: 0, skipped: [], other: ["vitest ended without a result"], slowest: [] };
}

const code = await runVitest(process.argv.slice(2));
const result = readResult();
rmSync(folder, { recursive: true, force: true });
if (process.env.ROLLCALL_TEST_SUMMARY) writeFileSync(process.env.ROLLCALL_TEST_SUMMARY, `${totalsLine(result)}\n`);
console.log(closingReport(result));
process.exitCode = code;
