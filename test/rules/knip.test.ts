import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkspace, type PackageJson, runTool, type Workspace, write } from "./fixture.js";

interface KnipIssue {
  readonly file: string;
  readonly files?: readonly { readonly name: string }[];
  readonly exports?: readonly { readonly name: string }[];
  readonly types?: readonly { readonly name: string }[];
  readonly dependencies?: readonly { readonly name: string }[];
  readonly unlisted?: readonly { readonly name: string }[];
}

const kinds = ["files", "exports", "types", "dependencies", "unlisted"] as const;

function writeHub(workspace: string, twin: "faulty" | "clean"): void {
  const packageFile = "packages/hub/package.json";
  const packageJson = JSON.parse(readFileSync(join(workspace, packageFile), "utf8")) as PackageJson;
  const dependencies = twin === "faulty" ? { nanoid: "*" } : { zod: "*" };
  write(workspace, packageFile, JSON.stringify({ ...packageJson, dependencies }));
  write(workspace, "packages/hub/src/index.ts", 'export { used } from "./used.js";\n');
  const surplus = twin === "faulty" ? "export const unused = 2;\nexport type Unused = string;\n" : "";
  write(workspace, "packages/hub/src/used.ts", `export * from "zod";\nexport const used = 1;\n${surplus}`);
  write(workspace, "packages/hub/src/tested.test.ts", 'import { test } from "vitest";\ntest.todo("later");\n');
  if (twin === "faulty") write(workspace, "packages/hub/src/dead.ts", "export const dead = 1;\n");
}

/** Knip's issues in the hub package, as "kind name". The other packages of the workspace are empty. */
async function issuesOfHub(workspace: string): Promise<string[]> {
  const { stdout } = await runTool(workspace, "knip", ["--reporter", "json", "--no-config-hints"]);
  const { issues } = JSON.parse(stdout) as { issues: readonly KnipIssue[] };
  return issues
    .filter(({ file }) => file.startsWith("packages/hub/"))
    .flatMap((issue) => kinds.flatMap((kind) => (issue[kind] ?? []).map(({ name }) => `${kind} ${name}`)))
    .sort();
}

const workspaces: Workspace[] = [];
let found: readonly string[][] = [];

beforeAll(async () => {
  for (const twin of ["faulty", "clean"] as const) {
    const workspace = createWorkspace();
    workspaces.push(workspace);
    writeHub(workspace.path, twin);
  }
  found = await Promise.all(workspaces.map(({ path }) => issuesOfHub(path)));
});

afterAll(() => {
  for (const workspace of workspaces) workspace.remove();
});

test("knip names an unused file, export, type and dependency, and an unlisted import", () => {
  expect(found[0]).toEqual([
    "dependencies nanoid",
    "exports unused",
    "files packages/hub/src/dead.ts",
    "types Unused",
    "unlisted zod",
  ]);
});

test("knip accepts the clean twin, unit test included", () => {
  expect(found[1]).toEqual([]);
});
