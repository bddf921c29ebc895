import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { commandsByCode } from "./commands/index.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [first = "", second = ""] = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, example]) => example);

function printed(example: string): string {
  const cwd = fileURLToPath(new URL("../../..", import.meta.url));
  return execFileSync(process.execPath, ["--input-type=module", "--eval", example], { cwd, encoding: "utf8" });
}

test("the README's example prints what the README says", () => {
  expect(printed(first)).toMatch(/^[a-z2-7]{52}\nusable\ntrue\n$/);
});

test("the README's server serves; here on any free ports", () => {
  const example = second.replace(/232[123]/g, "0");
  const check = "console.log(Object.values(server.ports).every((port) => port > 0)); await server.close();";
  expect(printed(`${example}\n${check}`)).toBe("true\n");
});

test("the README's table has every command and no other", () => {
  const table = /## Commands\n\n(.*?)\n\n/s.exec(readme)?.[1] ?? "";
  const rows = table.split("\n").slice(2);
  const names = rows.flatMap((row) => (row.split("|")[2] ?? "").split(",").map((name) => name.trim()));
  expect(names.sort()).toEqual([...commandsByCode.values()].map(({ name }) => name).sort());
});
