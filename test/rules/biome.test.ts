import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkspace, runTool, type Workspace, write } from "./fixture.js";

/** A fault that a rule must report, and similar code that the same rules must accept. */
interface Planted {
  readonly rule: string;
  readonly title: string;
  readonly faulty: SourceFile;
  readonly clean: SourceFile;
  /** Written beside both. */
  readonly beside?: readonly SourceFile[];
}

interface SourceFile {
  readonly file: string;
  readonly source: string;
}

const lines = (count: number, line = (n: number) => `export const value${n} = ${n};`) =>
  `${Array.from({ length: count }, (_, n) => line(n)).join("\n")}\n`;

const functionOf = (count: number) => `export function long(): void {\n${lines(count, (n) => `  take(${n});`)}}
function take(_n: number): void {}\n`;

const branches = (count: number) => `export function decide(n: number): number {
${lines(count, (n) => `  if (n === ${n}) return ${n + 1};`)}  return 0;\n}\n`;

const sizes: readonly Planted[] = [
  {
    rule: "style/noExcessiveLinesPerFile",
    title: "301 lines in a file",
    faulty: { file: "packages/hub/src/long-file.ts", source: lines(301) },
    clean: { file: "packages/hub/src/long-file.ts", source: lines(299) },
  },
  {
    rule: "style/noExcessiveLinesPerFile",
    title: "a table may be longer",
    faulty: { file: "packages/tpm-js-sim/src/handles.ts", source: lines(301) },
    clean: { file: "packages/tpm-js-sim/src/tables/handles.ts", source: lines(301) },
  },
  {
    rule: "complexity/noExcessiveLinesPerFunction",
    title: "51 lines in a function",
    faulty: { file: "packages/hub/src/long-function.ts", source: functionOf(55) },
    clean: { file: "packages/hub/src/long-function.ts", source: functionOf(45) },
  },
  {
    rule: "complexity/noExcessiveCognitiveComplexity",
    title: "16 branches",
    faulty: { file: "packages/hub/src/complex.ts", source: branches(16) },
    clean: { file: "packages/hub/src/complex.ts", source: branches(15) },
  },
];

const names: readonly Planted[] = [
  {
    rule: "style/useFilenamingConvention",
    title: "a file that is not kebab-case",
    faulty: { file: "packages/hub/src/onPublish.ts", source: lines(1) },
    clean: { file: "packages/hub/src/on-publish.ts", source: lines(1) },
  },
  {
    rule: "suspicious/noExplicitAny",
    title: "an explicit any",
    faulty: { file: "packages/hub/src/any.ts", source: "export const echo = (value: any) => value;\n" },
    clean: { file: "packages/hub/src/any.ts", source: "export const echo = (value: unknown) => value;\n" },
  },
  {
    rule: "style/noNonNullAssertion",
    title: "a non-null assertion",
    faulty: { file: "packages/hub/src/first.ts", source: "export const first = (a: string[]) => a[0]!.length;\n" },
    clean: { file: "packages/hub/src/first.ts", source: "export const first = (a: string[]) => a[0]?.length;\n" },
  },
];

const imports: readonly Planted[] = [
  {
    rule: "suspicious/noImportCycles",
    title: "a cycle of two files",
    faulty: { file: "packages/hub/src/cycle-a.ts", source: 'import "./cycle-b.js";\nexport const a = 1;\n' },
    clean: { file: "packages/hub/src/no-cycle-a.ts", source: 'import "./cycle-b.js";\nexport const a = 1;\n' },
    beside: [
      { file: "packages/hub/src/cycle-b.ts", source: 'import { a } from "./cycle-a.js";\nexport const b = a;\n' },
    ],
  },
  {
    rule: "suspicious/noImportCycles",
    title: "a cycle, but not a cycle of types only",
    faulty: {
      file: "packages/hub/src/value-a.ts",
      source: 'import { b } from "./value-b.js";\nexport const a = [b];\n',
    },
    clean: {
      file: "packages/hub/src/type-a.ts",
      source: 'import type { B } from "./type-b.js";\nexport type A = B[];\n',
    },
    beside: [
      { file: "packages/hub/src/value-b.ts", source: 'import { a } from "./value-a.js";\nexport const b = a;\n' },
      {
        file: "packages/hub/src/type-b.ts",
        source: 'import type { A } from "./type-a.js";\nexport type B = { a: A };\n',
      },
    ],
  },
  {
    rule: "correctness/noUndeclaredDependencies",
    title: "a sibling that package.json does not name",
    faulty: { file: "packages/hub/src/sibling.ts", source: 'export * from "@rollcall/engine";\n' },
    clean: { file: "packages/hub/src/sibling.ts", source: 'export * from "@rollcall/protocol";\n' },
  },
  {
    rule: "correctness/noUndeclaredDependencies",
    title: "a package that npm happens to hoist",
    faulty: { file: "packages/hub/src/hoisted.ts", source: 'export * from "zod";\n' },
    clean: { file: "packages/protocol/src/declared.ts", source: 'export * from "zod";\n' },
  },
  {
    rule: "style/useNodejsImportProtocol",
    title: "a built-in module under its bare name",
    faulty: { file: "packages/hub/src/bare.ts", source: 'export * from "fs";\n' },
    clean: { file: "packages/service/src/bare.ts", source: 'export * from "node:fs";\n' },
  },
  {
    rule: "style/noRestrictedImports",
    title: "the virtual TPM in the engine",
    faulty: { file: "packages/engine/src/whole-tpm.ts", source: 'export * from "tpm-js-sim";\n' },
    clean: { file: "packages/engine/src/credential.ts", source: 'export * from "tpm-js-sim/credential";\n' },
  },
];

const outsideWorld = ["net", "tls", "dgram", "dns", "http", "http2", "https", "fs", "fs/promises", "child_process"].map(
  (name) => `node:${name}`,
);

/** Modules that packages may not import, and a place that may import them. */
const restrictions: readonly { packages: readonly string[]; modules: readonly string[]; allowed: string }[] = [
  {
    packages: ["protocol", "tpm-js-sim", "engine", "hub"],
    modules: outsideWorld,
    allowed: "packages/tpm-js-sim/src/server/tcp-server.ts",
  },
  {
    packages: ["protocol", "tpm-js-sim", "engine", "hub", "pki", "api", "service", "simulator", "cli"],
    modules: ["aedes", "ws"],
    allowed: "packages/broker/src/aedes/allowed.ts",
  },
  {
    packages: ["broker"],
    modules: ["aedes"],
    allowed: "packages/broker/src/aedes/allowed.ts",
  },
  {
    packages: ["protocol", "tpm-js-sim", "engine", "hub", "pki", "broker", "service", "simulator", "cli"],
    modules: ["fastify", "@fastify/static", "light-my-request"],
    allowed: "packages/api/src/allowed.ts",
  },
  {
    packages: ["simulator"],
    modules: ["engine", "hub", "broker", "api", "service"].map((name) => `@rollcall/${name}`),
    allowed: "packages/cli/src/allowed.ts",
  },
];

const exportAll = (modules: readonly string[]) => modules.map((name) => `export * from "${name}";\n`).join("");

const layers: readonly Planted[] = restrictions.flatMap(({ packages, modules, allowed }) =>
  packages.flatMap((name) =>
    modules.map((module) => ({
      rule: "style/noRestrictedImports",
      title: `${module} in ${name}`,
      faulty: {
        file: `packages/${name}/src/imports-${module.replace(/[^a-z0-9]+/g, "-").replace(/^-/, "")}.ts`,
        source: exportAll([module]),
      },
      clean: { file: allowed, source: exportAll(modules) },
    })),
  ),
);

const readEnvironment: readonly { title: string; source: string }[] = [
  { title: "process.env", source: "export const home = process.env.HOME;\n" },
  { title: "globalThis.process.env", source: "export const path = globalThis.process.env.PATH;\n" },
  { title: "env of node:process", source: 'import { env } from "node:process";\n\nexport const user = env.USER;\n' },
];

const readAll = readEnvironment.map(({ source }) => source).join("");

const environment: readonly Planted[] = readEnvironment.flatMap(({ title, source }, index) =>
  ["engine", "broker", "service", "simulator", "cli"].map((name) => ({
    rule: "style/noProcessEnv",
    title: `${title} in ${name}`,
    faulty: { file: `packages/${name}/src/environment-${index}.ts`, source },
    clean: { file: "packages/service/src/config/config.ts", source: readAll },
  })),
);

const cases: readonly Planted[] = [...sizes, ...names, ...imports, ...layers, ...environment];

/** Everything is declared, so that an import is refused because it is restricted, not because it is undeclared. */
const declared = ["aedes", "ws", "fastify", "@fastify/static", "light-my-request"];
const siblings = ["engine", "hub", "broker", "api", "service"].map((name) => `@rollcall/${name}`);

interface BiomeReport {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}

/** Every file with a finding → the rules that fired in it. */
async function lint(workspace: string): Promise<Map<string, string[]>> {
  const { stdout } = await runTool(workspace, "biome", [
    "lint",
    "--reporter=json",
    "--max-diagnostics=none",
    "packages",
  ]);
  const found = new Map<string, string[]>();
  for (const { category, location } of (JSON.parse(stdout) as BiomeReport).diagnostics) {
    const rules = found.get(location.path) ?? [];
    found.set(location.path, [...rules, category.replace(/^lint\//, "")]);
  }
  return found;
}

function createLintWorkspace(twin: "faulty" | "clean"): Workspace {
  const workspace = createWorkspace((packageJson) => {
    const names = ["@rollcall/simulator", "@rollcall/cli"].includes(packageJson.name)
      ? [...declared, ...siblings]
      : declared;
    const extra = Object.fromEntries(names.map((name) => [name, "*"]));
    packageJson.dependencies = { ...packageJson.dependencies, ...extra };
  });
  for (const planted of cases) {
    write(workspace.path, planted[twin].file, planted[twin].source);
    for (const { file, source } of planted.beside ?? []) write(workspace.path, file, source);
  }
  return workspace;
}

describe("Biome names each planted fault and accepts its clean twin", () => {
  const workspaces: Workspace[] = [];
  let faulty = new Map<string, string[]>();
  let clean = new Map<string, string[]>();

  beforeAll(async () => {
    workspaces.push(createLintWorkspace("faulty"), createLintWorkspace("clean"));
    [faulty, clean] = (await Promise.all(workspaces.map(({ path }) => lint(path)))) as [typeof faulty, typeof clean];
  });

  afterAll(() => {
    for (const workspace of workspaces) workspace.remove();
  });

  test.each(cases)("$rule: $title", (planted) => {
    expect([...new Set(faulty.get(planted.faulty.file))]).toEqual([planted.rule]);
    expect(clean.get(planted.clean.file)).toBeUndefined();
  });
});
