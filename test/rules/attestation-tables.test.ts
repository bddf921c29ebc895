import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { packageNames, repository } from "./fixture.js";

const kinds = ["x509", "tpm", "symmetricKey"] as const;

/** A table with a row for each kind of attestation: the text of its rows by kind. */
interface Table {
  readonly file: string;
  readonly line: number;
  readonly rows: ReadonlyMap<string, { readonly start: number; readonly end: number }>;
}

const sources = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test|\.d)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

/** All objects and interfaces of a file whose members have the names of the kinds. */
function tablesOf(file: string): readonly Table[] {
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const tables: Table[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node) || ts.isInterfaceDeclaration(node)) {
      const members: readonly ts.Node[] = ts.isInterfaceDeclaration(node) ? node.members : node.properties;
      const rows = new Map(
        members.flatMap((member) => {
          const { name } = member as ts.ObjectLiteralElementLike | ts.TypeElement;
          return name && ts.isIdentifier(name) ? [[name.text, rowOf(member, text)] as const] : [];
        }),
      );
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      if (rows.size === members.length && kinds.length === rows.size && kinds.every((kind) => rows.has(kind)))
        tables.push({ file, line: line + 1, rows });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return tables;
}

function rowOf(member: ts.Node, text: string): { start: number; end: number } {
  const end = member.getEnd();
  return { start: member.getStart(), end: text[end] === "," ? end + 1 : end };
}

/** The configuration that compiles a file. */
function configOf(file: string): string {
  const found = ts.findConfigFile(join(file, ".."), (path) => ts.sys.fileExists(path));
  if (found === undefined) throw new Error(`nothing compiles ${file}`);
  return found;
}

/** The libraries, which all compilers share. */
const registry = ts.createDocumentRegistry();

/** Checks a file with a changed text; all other files are unchanged. */
class Compiler {
  readonly #service: ts.LanguageService;
  #planted: { readonly file: string; readonly text: string; readonly version: number } | undefined;
  #version = 0;

  constructor(config: string, files: readonly string[]) {
    const read = ts.readConfigFile(config, (path) => ts.sys.readFile(path));
    const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, join(config, ".."));
    const snapshot = (path: string) => (path === this.#planted?.file ? this.#planted.text : ts.sys.readFile(path));
    this.#service = ts.createLanguageService(
      {
        // Not as a project, so that a single file can be checked.
        getCompilationSettings: () => ({ ...options, composite: false, noEmit: true }),
        getScriptFileNames: () => [...files],
        getScriptVersion: (path) => (path === this.#planted?.file ? `planted ${this.#planted.version}` : "0"),
        getScriptSnapshot(path) {
          const text = snapshot(path);
          return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
        },
        getCurrentDirectory: () => join(config, ".."),
        getDefaultLibFileName: ts.getDefaultLibFilePath,
        fileExists: (path) => ts.sys.fileExists(path),
        readFile: (path) => ts.sys.readFile(path),
        readDirectory: (path, ...rest) => ts.sys.readDirectory(path, ...rest),
        directoryExists: (path) => ts.sys.directoryExists(path),
        getDirectories: (path) => ts.sys.getDirectories(path),
      },
      registry,
    );
  }

  faults(file: string, text: string): readonly string[] {
    this.#planted = { file, text, version: ++this.#version };
    return this.#service
      .getSemanticDiagnostics(file)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  }
}

const tables = packageNames.flatMap((name) => sources(join(repository, "packages", name, "src")).flatMap(tablesOf));
const configs = [...new Set(tables.map(({ file }) => configOf(file)))];
const compilers = new Map(
  configs.map((config) => {
    const files = tables.map(({ file }) => file).filter((file) => configOf(file) === config);
    return [config, new Compiler(config, [...new Set(files)])] as const;
  }),
);

const named = tables.map((table, index) => ({
  ...table,
  name: relative(join(repository, "packages"), table.file),
  // Each table loses the row of one kind, in turn: testing all rows would take three times as long.
  kind: kinds[index % kinds.length] ?? "tpm",
}));

describe("a table of attestation kinds does not compile without one of its rows", () => {
  test.each(named)("$name, line $line, without $kind", ({ file, rows, kind }) => {
    const text = readFileSync(file, "utf8");
    const { start = 0, end = 0 } = rows.get(kind) ?? {};
    expect(compilers.get(configOf(file))?.faults(file, text.slice(0, start) + text.slice(end))).not.toEqual([]);
  });

  test.each(["protocol/src/facts/attestation-kinds.ts", "cli/src/commands/device/env.ts"])(
    "%s compiles unchanged",
    (name) => {
      const file = join(repository, "packages", name);
      expect(named.map((table) => table.name)).toContain(name);
      expect(compilers.get(configOf(file))?.faults(file, readFileSync(file, "utf8"))).toEqual([]);
    },
  );
});
