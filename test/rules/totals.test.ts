import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closingReport, type TestResult } from "../../scripts/closing-report.mjs";
import { createWorkspace, repository, runTool, type Workspace, write } from "./fixture.js";

const suite = `import { describe, expect, test } from "vitest";
test("good", () => {});
test("slow", () => new Promise((resolve) => setTimeout(resolve, 300)));
test("bad", () => expect(1).toBe(2));
test("without swtpm", (context) => context.skip("swtpm is not installed"));
describe.skipIf(true)("TPM (needs swtpm)", () => { test("never", () => {}); });
test.todo("later");
`;

describe("the closing report of a test run", () => {
  let workspace: Workspace;
  let totals: TestResult;

  beforeAll(async () => {
    workspace = createWorkspace();
    write(workspace.path, "packages/hub/src/suite.test.ts", suite);
    write(workspace.path, "packages/hub/src/broken.test.ts", 'throw new Error("does not load");\n');
    const reporter = join(repository, "scripts/test-reporter.mjs");
    const resultFile = join(workspace.path, "result.json");
    const env = { ROLLCALL_TEST_RESULT: resultFile };
    await runTool(workspace.path, "vitest", ["run", "--project=unit", `--reporter=${reporter}`], env);
    totals = JSON.parse(readFileSync(resultFile, "utf8"));
  });

  afterAll(() => workspace.remove());

  test("counts what passed and failed", () => {
    expect(totals).toMatchObject({ passed: 2, failed: 1 });
  });

  test("gives the reason of each skipped test", () => {
    expect(totals.skipped.map(({ reason }) => reason).sort()).toEqual([
      "needs swtpm",
      "swtpm is not installed",
      "to be written",
    ]);
  });

  test("counts a file that does not load as a failure", () => {
    expect(totals.other).toHaveLength(1);
    expect(totals.other[0]).toContain("does not load");
  });

  test("names the slowest files, the slowest first", () => {
    expect(totals.slowest.map(({ file, project }) => ({ file, project }))).toEqual([
      { file: "packages/hub/src/suite.test.ts", project: "unit" },
      { file: "packages/hub/src/broken.test.ts", project: "unit" },
    ]);
    expect(totals.slowest[0]?.milliseconds).toBeGreaterThanOrEqual(300);
  });

  test("ends with the slowest files, and then the totals as a line of its own", () => {
    const lines = closingReport(totals).split("\n");
    expect(lines.at(-1)).toBe("2 passed, 2 failed, 3 skipped");
    const from = lines.indexOf("The slowest files, loading and hooks included:");
    expect(lines.slice(from + 1, -2)).toEqual([
      expect.stringMatching(/^ *\d+\.\d s {2}packages\/hub\/src\/suite\.test\.ts \(unit\)$/),
      expect.stringMatching(/^ *\d+\.\d s {2}packages\/hub\/src\/broken\.test\.ts \(unit\)$/),
    ]);
  });
});
