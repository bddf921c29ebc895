import { permissions } from "@rollcall/protocol";
import { expect, it } from "vitest";
import { checkConfig } from "./config.js";
import { accessPolicies } from "./policies.js";

const ownerKey = Buffer.alloc(32, 1).toString("base64");
const key = Buffer.alloc(16, 2).toString("base64");

it("has the owner's policy, with the key of the location and a second one", () => {
  const [owner, ...others] = accessPolicies([], ownerKey);
  expect(others).toEqual([]);
  expect(owner).toMatchObject({ name: "provisioningserviceowner", permissions, primaryKey: ownerKey });
  expect(Buffer.from(owner?.secondaryKey ?? "", "base64")).toHaveLength(32);
  expect(owner?.secondaryKey).not.toBe(ownerKey);
});

it("derives missing keys: the same keys every time, and different keys for each policy", () => {
  const settings = checkConfig({
    policies: [
      { name: "reader", permissions: ["EnrollmentRead"], secondaryKey: key },
      { name: "writer", permissions: ["EnrollmentWrite"] },
    ],
  }).policies;
  const policies = accessPolicies(settings, ownerKey);
  expect(accessPolicies(settings, ownerKey)).toEqual(policies);
  expect(policies[1]).toMatchObject({ name: "reader", permissions: ["EnrollmentRead"], secondaryKey: key });
  const all = policies.flatMap(({ primaryKey, secondaryKey }) => [primaryKey, secondaryKey]);
  expect(new Set(all).size).toBe(6);
  expect(accessPolicies(settings, key)[1]?.primaryKey).not.toBe(policies[1]?.primaryKey);
});

it.each([
  [[{ name: "a b", permissions: ["EnrollmentRead"] }], /policies\.0\.name: is not a policy name/],
  [
    [{ name: "provisioningserviceowner", permissions: ["EnrollmentRead"] }],
    /policies\.0\.name: is the built-in policy/,
  ],
  [[{ name: "a", permissions: [] }], /policies\.0\.permissions/],
  [[{ name: "a", permissions: ["Everything"] }], /policies\.0\.permissions\.0/],
  [
    [{ name: "a", permissions: ["EnrollmentRead"], primaryKey: "AAAA" }],
    /policies\.0\.primaryKey: is not base64 of 16/,
  ],
  [Array(2).fill({ name: "a", permissions: ["EnrollmentRead"] }), /policies: names a policy twice/],
])("refuses settings that make no sense: %j", (policies, message) => {
  expect(() => checkConfig({ policies })).toThrow(message);
});
