import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { toAsciiJson } from "../wire/messages.js";
import { judgeApiVersion, predatesReprovisioning } from "./api-versions.js";
import { idKey, idPattern, idProblem, isDeviceId } from "./ids.js";

describe("registration ids", () => {
  const near = fc.string({ unit: fc.constantFrom(..."aZ09-._:/ é\n"), maxLength: 4 });
  const long = fc.integer({ min: 120, max: 135 }).map((length) => "x".repeat(length));
  test.prop([fc.oneof(near, fc.string(), long)])("are exactly the texts that the documents' pattern matches", (id) => {
    expect(new RegExp(idPattern, "u").test(id)).toBe(idProblem(id) === undefined);
  });

  it.each(["a", "A-b.c_d:e-", "x".repeat(128), "symmetrickey:1b2c", "0"])("%s is valid", (id) =>
    expect(idProblem(id)).toBeUndefined(),
  );
  it.each([
    ["", "empty"],
    ["x".repeat(129), "129 characters"],
    ["dev/7", 'character 4 ("/")'],
    ["dev 7", 'character 4 (" ")'],
    ["ab_", "last character"],
    ["pümp", "character 2"],
  ])("%s is invalid", (id, message) => expect(idProblem(id)?.message).toContain(message));
});

it("folds the case of ASCII letters only", () => {
  expect(idKey("Pump-0042:A.B_C")).toBe("pump-0042:a.b_c");
  expect(idKey("dev-\u212a\u0130\u0131\u212b")).toBe("dev-\u212a\u0130\u0131\u212b");
});

describe("device ids", () => {
  it.each([
    ["a%_*?!(),:=@$'", true],
    ["a b", false],
    ["", false],
    ["a/b", false],
    ["x".repeat(129), false],
  ])("%s: %s", (id, good) => {
    expect(isDeviceId(id)).toBe(good);
  });
});

describe("api-versions", () => {
  it.each([
    ["2019-03-31", "known"],
    ["2017-11-15", "known"],
    ["2025-07-01-preview", "known"],
    ["2026-04-01", "known"],
    ["2026-11-01", "known"],
    ["2026-11-02-preview", "known"],
    ["2026-11-15-preview", "newer"],
    ["", "missing"],
    [undefined, "missing"],
    ["2019-3-31", "malformed"],
    ["latest", "malformed"],
  ])("%s is %s", (version, verdict) => expect(judgeApiVersion(version)).toBe(verdict));

  it("know which versions predate reprovisioning", () => {
    expect(predatesReprovisioning("2018-04-01")).toBe(true);
    expect(predatesReprovisioning("2018-09-01-preview")).toBe(false);
  });
});

it("JSON for MQTT is ASCII and has the same value", () => {
  const value = { site: "Zürich – 東京 😀", plain: 'a"b' };
  expect(toAsciiJson(value)).toMatch(/^[ -~]*$/);
  expect(JSON.parse(toAsciiJson(value))).toEqual(value);
});
