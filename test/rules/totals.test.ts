import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkspace, repository, runTool, type Workspace, write } from "./fixture.js";

const suite = `import { describe, expect, test } from "vitest";
test("good", () => {});
test("bad", () => expect(1).toBe(2));
test("without swtpm", (context) => context.skip("swtpm is not installed"));
describe.skipIf(true)("TPM (needs swtpm)", () => { test("never", () => {}); });
test.todo("later");
`;

describe("the closing report of a test run", () => {
  let workspace: Workspace;
  let totals: { passed: number; failed: number; skipped: { reason: string; test: string }[]; other: string[] };

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
    expect(totals).toMatchObject({ passed: 1, failed: 1 });
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
});
