import { expect, test } from "vitest";
import { parseHost } from "./target.js";

test.each([
  ["dps.example", { host: "dps.example" }],
  ["127.0.0.1:18883", { host: "127.0.0.1", port: 18_883 }],
  ["[::1]:8883", { host: "::1", port: 8883 }],
  ["[::1]", { host: "::1" }],
  ["::1", { host: "::1" }],
])("%s", (text, expected) => expect(parseHost(text)).toEqual(expected));

test.each(["", "https://dps.example", "host:", "host:0", "host:70000", "a b", "[::1"])("%j is not a host", (text) => {
  expect(() => parseHost(text)).toThrow(/write it as name, name:port or \[address\]:port/);
});
