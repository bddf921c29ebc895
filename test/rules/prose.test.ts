import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repository, write } from "./fixture.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-prose-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function check(file: string, content: string) {
  write(folder, file, content);
  const { status, stdout } = spawnSync(process.execPath, [join(repository, "scripts/check-prose.mjs"), folder], {
    encoding: "utf8",
  });
  return { status, lines: stdout.split("\n").slice(0, -1) };
}

// The words are joined here, so that the check does not find this file.
const planted: readonly (readonly [string, string])[] = [
  ["packages/hub/src/a.ts", `// A state that ${"is"} ${"none"} is refused.`],
  ["packages/hub/src/a.test.ts", `it("refuses a name that ${"is"} ${"no"} name", () => {});`],
  ["scripts/a.mjs", `// The etag is ${"another"} ${"one"} by now.`],
  ["test/cli/a.ts", `/** Says what it ${"is"} ${"that"} went wrong. */`],
  ["packages/hub/README.md", `Who${"ever"} asks is answered.`],
  ["packages/hub/src/b.ts", `/** ${"What"} the caller gets. */`],
];

test.each(planted)("a planted phrase in %s is found: %s", (file, sentence) => {
  const { status, lines } = check(file, `\n${sentence}\n`);
  expect(status).toBe(1);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(new RegExp(`^${file.replaceAll(".", "\\.")}:2: ".+": .+`));
  expect(lines[1]).toBe('1 phrases to rewrite: see "Prose" in CONTRIBUTING.md');
});

test.each([
  ["packages/hub/src/a.ts", "// There is no index, and there are none in the other table. Nobody has it any more."],
  ["packages/hub/src/a.ts", "// A name that is no longer used: the one that was asked for is invalid."],
  ["README.md", `* ${"What"} a list item may begin with`],
  ["packages/hub/dist/a.ts", `// A state that ${"is"} ${"none"}.`],
  ["packages/hub/package.json", `{ "description": "a state that ${"is"} ${"none"}" }`],
])("plain English and generated files are accepted: %s", (file, sentence) => {
  expect(check(file, sentence)).toEqual({ status: 0, lines: [] });
});
