import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const long = process.env["ROLLCALL_TEST"] === "long";

/** Processes that are killed, PostgreSQL servers, and thousands of mutations: what takes its time, wherever it stands. */
const durability = [
  "packages/store/src/**/{crash,opening,same-as-memory,query-plan,cluster-files}.test.ts",
  "packages/store/src/postgres/**/*.test.ts",
  "packages/tpm-js-sim/src/**/{mutation,damaged-states}.test.ts",
  "test/integration/{kill,service-kill,durable-service,two-nodes,nodes-devices}.test.ts",
];

const conformanceFolder = fileURLToPath(new URL("test/conformance/", import.meta.url));
const conformance = existsSync(conformanceFolder) ? readdirSync(conformanceFolder) : [];
/** Tests of SDKs that dial 443 or 8883 and nothing else: they are known by asking whether these ports are free. */
const onFixedPorts = conformance
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => readFileSync(`${conformanceFolder}${name}`, "utf8").includes("probeFixedPorts"))
  .map((name) => `test/conformance/${name}`);

/** A minute and more, and Maven's packages; half a minute of waiting for packets; a corpus of others: only in the long run. */
const longOnly = long
  ? []
  : ["test/conformance/*java*.test.ts", "test/conformance/tpm-held-key.test.ts", "test/conformance/x509-limbo.test.ts"];

/** Titles carry the case, whole. */
const chaiConfig = { truncateThreshold: 120 };

// Files share a process and what they have loaded: a test leaves nothing behind, or asks in a thread or process of its own.
export default defineConfig({
  test: {
    isolate: false,
    // All cores: vitest's own process has little to do while the tests run.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: long ? 600_000 : 30_000,
    hookTimeout: 60_000,
    // What is waited for comes when it comes: the second that is the default is no time on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { extends: true, test: { name: "unit", include: ["packages/*/src/**/*.test.ts"], exclude: durability } },
      {
        extends: true,
        test: { name: "integration", include: ["test/{integration,cli,rules}/**/*.test.ts"], exclude: durability },
      },
      {
        extends: true,
        // Services are started and killed again and again: a busy machine takes its time, which is not what is tested.
        test: { name: "durability", include: durability, testTimeout: long ? 600_000 : 120_000 },
      },
      {
        extends: true,
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          exclude: [...onFixedPorts, ...longOnly],
          chaiConfig,
        },
      },
      {
        extends: true,
        test: {
          name: "conformance-ports",
          include: onFixedPorts,
          exclude: longOnly,
          // One file at a time may have 443 and 8883, and after the other projects, whose demo wants them too.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          chaiConfig,
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
