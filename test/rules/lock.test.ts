import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingFrom } from "../../scripts/complete-lock.mjs";
import { repository } from "./fixture.js";

const lock = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8"));

test("the lock file names the binaries of every platform (else npm ci refuses it): node scripts/complete-lock.mjs", () => {
  expect(missingFrom(lock).map(({ name }) => name)).toEqual([]);
});

test("a missing platform is found", () => {
  const { "node_modules/@biomejs/cli-darwin-arm64": _, ...packages } = lock.packages;
  expect(missingFrom({ packages }).map(({ name }) => name)).toEqual(["@biomejs/cli-darwin-arm64"]);
});

test("the lock file names no host", () => {
  const resolved = Object.values<{ resolved?: string }>(lock.packages).map((entry) => entry.resolved ?? "");
  expect(resolved.filter((address) => /^\w+:/.test(address))).toEqual([]);
});
