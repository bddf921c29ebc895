import { describe, expect, test } from "vitest";
import { packageNames, readPackageJson } from "./fixture.js";

/**
 * Which package may depend on which of ours. Biome's noUndeclaredDependencies holds the code to package.json;
 * this holds package.json to the design.
 */
const mayDependOn: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  "tpm-js-sim": [],
  pki: [],
  engine: ["@rollcall/protocol", "@rollcall/pki", "tpm-js-sim"],
  hub: ["@rollcall/protocol", "@rollcall/pki"],
  store: ["@rollcall/protocol", "@rollcall/engine", "@rollcall/hub"],
  broker: ["@rollcall/protocol", "@rollcall/engine", "@rollcall/hub"],
  api: ["@rollcall/protocol", "@rollcall/engine", "@rollcall/hub"],
  portal: ["@rollcall/protocol"],
  service: ["protocol", "broker", "api", "portal", "engine", "hub", "store", "pki"].map((name) => `@rollcall/${name}`),
  simulator: ["@rollcall/protocol", "@rollcall/pki", "tpm-js-sim"],
  cli: [...["protocol", "service", "simulator", "pki", "engine"].map((name) => `@rollcall/${name}`), "tpm-js-sim"],
};

describe("each package depends only on the packages of its row", () => {
  test.each(packageNames)("%s", (name) => {
    const allowed = mayDependOn[name];
    expect(allowed, "every package has a row").toBeDefined();
    const ours = Object.keys(readPackageJson(name).dependencies ?? {}).filter(
      (dependency) => dependency.startsWith("@rollcall/") || dependency === "tpm-js-sim",
    );
    expect(ours.filter((dependency) => !allowed?.includes(dependency))).toEqual([]);
  });
});
