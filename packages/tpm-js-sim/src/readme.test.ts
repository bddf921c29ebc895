import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the README's example prints what the README says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const cwd = fileURLToPath(new URL("../../..", import.meta.url));
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", example], { cwd, encoding: "utf8" });
  expect(printed).toMatch(/^[a-z2-7]{52}\nusable\ntrue\n$/);
});
