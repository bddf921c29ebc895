import { expect, test } from "vitest";
import { formatMs, parseCount, parseDuration, parsePort, parseRate } from "./durations.js";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["30", 30_000],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
])("%s is %i ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(["", "s", "-1s", "1 s x", "1d", "1e3"])("%j is not a duration", (text) =>
  expect(() => parseDuration(text)).toThrow(),
);

test.each([
  ["50/s", 50],
  ["50", 50],
  ["120/m", 2],
  ["0.5/s", 0.5],
])("%s is %d a second", (text, rate) => expect(parseRate(text)).toBe(rate));

test.each(["0", "0/s", "/s", "5/d", "-5", "x"])("%j is not a rate", (text) => expect(() => parseRate(text)).toThrow());
test.each(["0", "1.5", "-1", "x", ""])("%j is not a count", (text) => expect(() => parseCount(text)).toThrow());
test.each(["-1", "65536", "1.5", "x", "", "123456"])("%j is not a port", (text) =>
  expect(() => parsePort(text)).toThrow(),
);
test("0 is a port: any free port", () => expect(parsePort("0")).toBe(0));

test.each([
  [0.04, "0.0 ms"],
  [9.94, "9.9 ms"],
  [312.4, "312 ms"],
  [12_340, "12.3 s"],
])("%d ms reads %s", (ms, text) => expect(formatMs(ms)).toBe(text));
