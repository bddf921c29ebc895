import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { judges } from "../../scripts/judges-table.mjs";
import { repository } from "./fixture.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-judges-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const prints = (text: string, code = 0) => `console.log(${JSON.stringify(text)}); process.exitCode = ${code};`;

/** Faulty judges, and two good ones; each is a Node program. */
const planted = {
  content: { program: prints("much text\n\n7 passed, 0 failed, 0 skipped"), minutes: 1 },
  absent: { program: prints("SKIPPED: there is no such SDK\n\n0 passed, 0 failed, 2 skipped"), minutes: 1 },
  failing: { program: prints("3 passed, 2 failed, 1 skipped", 1), minutes: 1 },
  quiet: { program: prints("all is well"), minutes: 1 },
  idle: { program: prints("0 passed, 0 failed, 0 skipped"), minutes: 1 },
  crashing: { program: prints("5 passed, 0 failed, 0 skipped", 3), minutes: 1 },
  // Prints its totals in time, but does not end.
  endless: { program: `${prints("5 passed, 0 failed, 0 skipped")} setInterval(() => {}, 1000);`, minutes: 0.01 },
};

const table = join(folder, "table.mjs");
const rows = Object.entries(planted).map(([name, { program, minutes }]) => ({
  name,
  what: `is ${name}`,
  command: [process.execPath, "-e", program],
  minutes,
}));
writeFileSync(table, `export const judges = ${JSON.stringify(rows)};\n`);

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

function runJudges(...args: readonly string[]): Promise<Ended> {
  const program = join(repository, "scripts/judges.mjs");
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(new Error("cannot run the judges", { cause: error }));
      else resolve({ code: error ? Number(error.code) : 0, lines: stdout.trimEnd().split("\n"), stderr });
    });
  });
}

const alone: readonly (readonly [keyof typeof planted, number, string, string])[] = [
  ["content", 0, "content, 7 passed, 0 failed, 0 skipped", "7 passed, 0 failed, 0 skipped"],
  ["absent", 0, "SKIPPED, 0 passed, 0 failed, 2 skipped", "0 passed, 0 failed, 2 skipped"],
  ["failing", 1, "FAILED, 3 passed, 2 failed, 1 skipped", "3 passed, 2 failed, 1 skipped"],
  ["quiet", 1, "ended without a line of totals", "0 passed, 1 failed, 0 skipped"],
  ["idle", 1, "judged nothing", "0 passed, 1 failed, 0 skipped"],
  ["crashing", 1, "ended with exit code 3", "5 passed, 1 failed, 0 skipped"],
  ["endless", 1, "not done after 0.01 min", "5 passed, 1 failed, 0 skipped"],
];

test.each(alone)("a judge that is %s: exit code %i", async (name, code, says, totals) => {
  const ended = await runJudges("--table", table, name);
  expect(ended.lines.at(-1)).toBe(totals);
  expect(ended.code).toBe(code);
  expect(ended.lines.filter((line) => line.startsWith(`  ${name}: `))).toEqual([expect.stringContaining(says)]);
});

test("all judges: each verdict, the commit and the date, and the sum as the last line", async () => {
  const { code, lines } = await runJudges("--table", table);
  expect(code).toBe(1);
  expect(lines.at(-1)).toBe("20 passed, 6 failed, 3 skipped");
  expect(lines.at(-3)).toMatch(
    /^commit ([0-9a-f]{7,} of \d{4}-\d\d-\d\d( with changes)?|unknown .+), judged \d{4}-\d\d-\d\dT[\d:.]+Z on Node [\d.]+, exit code 1$/,
  );
  expect(lines).toContain("SKIPPED: there is no such SDK");
});

test("--list lists the judges without running them; an unknown name is refused", async () => {
  const listed = await runJudges("--table", table, "--list");
  expect(listed.lines).toEqual(rows.map(({ name, what, minutes }) => `${name}: ${what} (at most ${minutes} min)`));
  expect(listed.code).toBe(0);
  const refused = await runJudges("--table", table, "nobody");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("no judge is named nobody") });
});

test("the judges of this repository have different names, and need at most 45 minutes", () => {
  const names = judges.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(judges.reduce((sum, { minutes }) => sum + minutes, 0)).toBeLessThanOrEqual(45);
});
