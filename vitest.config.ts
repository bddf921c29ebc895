import { defineConfig } from "vitest/config";

const long = process.env["ROLLCALL_TEST"] === "long";

export default defineConfig({
  test: {
    testTimeout: long ? 600_000 : 30_000,
    hookTimeout: 60_000,
    // What is waited for comes when it comes: the second that is the default is no time on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { extends: true, test: { name: "unit", include: ["packages/*/src/**/*.test.ts"] } },
      { extends: true, test: { name: "integration", include: ["test/{integration,cli,rules}/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          // A minute and more, and Maven's packages; half a minute of waiting for packets: only in the long run.
          exclude: long ? [] : ["test/conformance/*java*.test.ts", "test/conformance/tpm-held-key.test.ts"],
          // SDKs insist on 443 and 8883: one file at a time may have them, and after the other projects, whose demo wants them too.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          // Titles carry the case, whole.
          chaiConfig: { truncateThreshold: 120 },
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          // A browser is several processes: one at a time, and after the projects that measure nothing but need the machine.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
