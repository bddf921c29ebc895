import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { packageNames, readPackageJson, repository } from "./fixture.js";
import { cyclesOf, folderImports, type ImportGraph, readImports } from "./import-graph.js";

/**
 * Our packages that each package may depend on. Biome's noUndeclaredDependencies checks the code against package.json;
 * this test checks package.json against the design.
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

/** Folder of a package → the folders of the same package that it may import. `.` is the root of `src`. */
type Floors = Readonly<Record<string, readonly string[]>>;

const tpmFloors = ["objects", "authorization", "memory", "keys", "crypto", "wire", "tables"];
const tpmBelow = (folder: string): readonly string[] => tpmFloors.slice(tpmFloors.indexOf(folder) + 1);
const tpmChapters = ["startup", "self-test", "session", "object", "duplication", "asymmetric", "symmetric", "hash"]
  .concat(["random", "attestation", "signing", "pcr", "policy", "hierarchy", "dictionary-attack", "context"])
  .concat(["clock", "capability", "nv"])
  .map((chapter) => `commands/${chapter}`);

const cliCommands = ["enrollment", "certificate", "hub", "device", "fleet", "explain", "service", "transfer"]
  .concat(["demo", "pki", "tpm"])
  .map((command) => `commands/${command}`);

/** A folder for each kind of attestation, in the engine and in the simulator. */
const attestationKinds = ["attestation/symmetric-key", "attestation/x509", "attestation/tpm"];

const floors: Readonly<Record<string, Floors>> = {
  protocol: {
    ".": ["contracts", "records", "wire", "findings", "findings/rows", "facts"],
    contracts: ["records", "wire", "findings", "facts"],
    records: ["wire", "facts"],
    wire: ["findings", "facts"],
    findings: ["findings/rows", "facts"],
    "findings/rows": ["facts"],
    facts: [],
  },
  pki: { ".": [] },
  hub: { ".": [] },
  broker: { ".": ["aedes"], aedes: [] },
  api: { ".": [] },
  engine: {
    ".": "registration transfer certificates operator allocation enrollments wire memory attestation attempts records"
      .split(" ")
      .concat("attestation/tpm", "attestation/judging"),
    registration: ["allocation", "attestation", "attestation/tpm", "attestation/judging", "attempts", "records"],
    allocation: ["attestation", "attestation/judging", "wire", "records"],
    certificates: ["operator", ...attestationKinds, "attestation", "wire", "records"],
    operator: ["enrollments", "attestation", "wire", "records"],
    transfer: ["enrollments", "attestation", ...attestationKinds, "attestation/judging", "wire", "records"],
    enrollments: ["attestation", "attestation/judging", "records"],
    memory: ["attestation", "attestation/judging", "records"],
    wire: ["attestation", "records"],
    attestation: [...attestationKinds, "attestation/judging", "attempts", "records"],
    ...Object.fromEntries(attestationKinds.map((kind) => [kind, ["attestation/judging", "records"]])),
    "attestation/judging": ["attempts", "records"],
    attempts: ["records"],
    records: [],
  },
  cli: {
    ".": [...cliCommands, "options", "client", "terminal"],
    ...Object.fromEntries(cliCommands.map((command) => [command, ["options", "client", "terminal"]])),
    "commands/demo": ["commands/fleet", "commands/service", "options", "client", "terminal"],
    options: ["client", "terminal"],
    client: ["terminal"],
    terminal: [],
  },
  "tpm-js-sim": {
    ".": ["commands", ...tpmFloors],
    commands: [...tpmChapters, ...tpmFloors],
    ...Object.fromEntries(tpmChapters.map((chapter) => [chapter, tpmFloors])),
    "commands/policy": ["commands/duplication", ...tpmFloors],
    ...Object.fromEntries(tpmFloors.map((folder) => [folder, tpmBelow(folder)])),
    client: [...tpmChapters, "memory", "keys", "crypto", "wire", "tables"],
    server: ["."],
  },
  store: {
    ".": ["sqlite", "postgres", "sql"],
    sqlite: ["sql"],
    postgres: ["sql"],
    sql: [],
  },
  service: {
    ".": ["listen", "location", "config"],
    listen: ["config"],
    location: [],
    config: [],
  },
  simulator: {
    ".": ["fleet", "report", "hub", "device", "attestation/proving"],
    fleet: ["report", "hub", "device", "attestation", "attestation/proving"],
    report: ["device"],
    hub: ["device", "attestation/proving"],
    device: ["attestation", "attestation/proving"],
    attestation: [...attestationKinds, "attestation/proving"],
    ...Object.fromEntries(attestationKinds.map((kind) => [kind, ["attestation/proving"]])),
    "attestation/proving": [],
  },
  portal: {
    ".": [],
    page: ["page/pages", "page/parts", "page/model", "page/routing", "page/api"],
    "page/pages": ["page/parts", "page/model", "page/routing", "page/api"],
    "page/parts": ["page/model", "page/routing", "page/api"],
    "page/routing": ["page/api"],
    "page/model": ["page/api"],
    "page/api": [],
  },
};

/** Largest number of source files in a folder, so that a file is easily found. The commands are the longest list. */
const MAX_FILES = 30;

const sourcesOf = (name: string): string => join(repository, "packages", name, "src");

/** Imports that no row of the table allows, and folders without a row. */
function violations(graph: ImportGraph, table: Floors): readonly string[] {
  return [...folderImports(graph)].flatMap(([folder, targets]) => {
    const allowed = table[folder];
    if (!allowed) return [`${folder} has no row`];
    return [...targets].filter(([target]) => !allowed.includes(target)).map(([, example]) => example);
  });
}

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

describe("each folder imports only the folders of its row", () => {
  test.each(packageNames)("%s", (name) => {
    const table = floors[name] ?? {};
    const graph = readImports(sourcesOf(name));
    expect(violations(graph, table)).toEqual([]);
    expect(cyclesOf(new Map(Object.entries(table).map(([folder, below]) => [folder, new Set(below)])))).toEqual([]);
    const folders = new Set([...graph.keys()].map(dirname));
    expect(Object.keys(table).filter((folder) => !folders.has(folder))).toEqual([]);
  });
});

describe("no file imports itself through other files, types and dynamic imports included", () => {
  test.each(packageNames)("%s", (name) => {
    expect(cyclesOf(readImports(sourcesOf(name)))).toEqual([]);
  });
});

describe(`no folder has more than ${MAX_FILES} source files`, () => {
  test.each(packageNames)("%s", (name) => {
    const count = new Map<string, number>();
    for (const file of readImports(sourcesOf(name)).keys()) {
      count.set(dirname(file), (count.get(dirname(file)) ?? 0) + 1);
    }
    expect([...count].filter(([, files]) => files > MAX_FILES)).toEqual([]);
  });
});

describe("a planted violation is found", () => {
  const planted: string[] = [];
  const plant = (files: Readonly<Record<string, string>>): string => {
    const sources = mkdtempSync(join(tmpdir(), "rollcall-floors-"));
    planted.push(sources);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(sources, file)), { recursive: true });
      writeFileSync(join(sources, file), text);
    }
    return sources;
  };
  afterEach(() => {
    for (const folder of planted.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  /** For each package: the lowest folder imports the highest folder, or a folder has no row. */
  const rows = packageNames.map((name) => {
    const folders = Object.keys(floors[name] ?? {}).filter((folder) => folder !== "." && !folder.endsWith("/"));
    const [high, low] = [folders[0] ?? "new-folder", folders.at(-1) ?? "new-folder"];
    return folders.length < 2 ? { name, from: "new-folder", to: "." } : { name, from: low, to: high };
  });
  test.each(rows)("$name: $from imports $to", ({ name, from, to }) => {
    const up = `${from
      .split("/")
      .map(() => "..")
      .join("/")}/${to === "." ? "" : `${to}/`}target.js`;
    const files = { [`${from}/culprit.ts`]: `export type { A } from "${up}";\n` };
    const sources = plant({ ...files, [join(to, "target.ts")]: "export type A = 1;\n" });
    const expected = from === "new-folder" ? "new-folder has no row" : `${from}/culprit.ts -> ${to}/target.ts`;
    expect(violations(readImports(sources), floors[name] ?? {})).toContain(expected);
  });

  test.each([
    ["value", 'import { b } from "./b.js";\nexport const a = b;\n'],
    ["type", 'import type { b } from "./b.js";\nexport type A = typeof b;\n'],
    ["dynamic", 'export const a = () => import("./b.js");\n'],
    ["re-export", 'export * from "./b.js";\n'],
  ])("a cycle through a %s import", (_, source) => {
    const sources = plant({
      "a.ts": source,
      "b.ts": 'import type * as a from "./a.js";\nexport const b: typeof a = 1;\n',
    });
    expect(cyclesOf(readImports(sources))).toEqual([["a.ts", "b.ts"]]);
  });

  test("no cycle when imports go one way", () => {
    const sources = plant({ "a.ts": 'import "./b.js";\n', "b.ts": "export const b = 1;\n" });
    expect(cyclesOf(readImports(sources))).toEqual([]);
  });
});
