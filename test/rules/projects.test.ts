import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { repository, runTool } from "./fixture.js";

interface Listed {
  readonly file: string;
  readonly projectName: string;
}

/** Every test file below a folder, as a path from the repository. */
function testFiles(folder: string): string[] {
  return readdirSync(join(repository, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file));
}

async function listed(env: Readonly<Record<string, string>>): Promise<Map<string, string[]>> {
  const { code, stdout } = await runTool(repository, "vitest", ["list", "--filesOnly", "--json"], env);
  expect(code).toBe(0);
  const projects = new Map<string, string[]>();
  for (const { file, projectName } of JSON.parse(stdout) as Listed[]) {
    const path = relative(repository, file);
    projects.set(path, [...(projects.get(path) ?? []), projectName]);
  }
  return projects;
}

let short: Map<string, string[]>;
let long: Map<string, string[]>;
beforeAll(async () => {
  [short, long] = await Promise.all([listed({ ROLLCALL_TEST: "" }), listed({ ROLLCALL_TEST: "long" })]);
});

test("every test file belongs to exactly one project", () => {
  expect([...long.keys()].sort()).toEqual([...testFiles("packages"), ...testFiles("test")].sort());
  expect([...long].filter(([, names]) => names.length !== 1)).toEqual([]);
});

test.each([
  ["unit", "packages/protocol/src/wire/topics.test.ts"],
  ["integration", "test/integration/wire.test.ts"],
  ["durability", "packages/store/src/crash.test.ts"],
  ["durability", "test/integration/two-nodes.test.ts"],
  ["conformance", "test/conformance/tpm-sockets.test.ts"],
  ["conformance-ports", "test/conformance/node-sdk.test.ts"],
])("%s has %s", (project, file) => {
  expect(long.get(file)).toEqual([project]);
});

test("a short run leaves out only tests that take minutes", () => {
  expect([...long.keys()].filter((file) => !short.has(file)).sort()).toEqual([
    "test/conformance/java-sdk.test.ts",
    "test/conformance/service-sdk-java.test.ts",
    "test/conformance/tpm-held-key.test.ts",
    "test/conformance/tpm-registration-java.test.ts",
    "test/conformance/x509-limbo.test.ts",
  ]);
});
