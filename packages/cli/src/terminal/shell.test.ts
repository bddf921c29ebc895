import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { quote, setVariable } from "./shell.js";

const nasty = ["plain", "two words", "$(touch /tmp/x)", "it's", '"quoted"', "`id`", "a\\b", "$HOME", "*", ""];

test.each(nasty)("sh reads %j unchanged", (value) => {
  const script = `${setVariable("sh", "VALUE", value)}; printf %s "$VALUE"`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(value);
});

test.each(nasty.filter((value) => value !== ""))("a quoted word is one argument: %j", (value) => {
  expect(execFileSync("sh", ["-c", `printf %s ${quote(value)}`], { encoding: "utf8" })).toBe(value);
});

test("pwsh doubles single quotes, dotenv quotes only what needs it", () => {
  expect(setVariable("pwsh", "A", "it's $x")).toBe("$env:A = 'it''s $x'");
  expect(setVariable("dotenv", "A", "0ne00000000")).toBe("A=0ne00000000");
  expect(setVariable("dotenv", "A", "two $words")).toBe("A='two $words'");
});
