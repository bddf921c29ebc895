import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const configFiles = [
  "biome.json",
  ".oxlintrc.json",
  "knip.json",
  "tsconfig.json",
  "test/tsconfig.json",
  "packages/portal/src/page/tsconfig.json",
  "vitest.config.ts",
  "package.json",
];

/** The members of a package.json that the rules use. */
export interface PackageJson {
  name: string;
  dependencies?: Record<string, string>;
}

export interface Workspace {
  readonly path: string;
  readonly remove: () => void;
}

export function readPackageJson(name: string): PackageJson {
  return JSON.parse(readFileSync(join(repository, "packages", name, "package.json"), "utf8")) as PackageJson;
}

export const packageNames = readdirSync(join(repository, "packages")).sort();

export function write(workspace: string, file: string, content: string): void {
  mkdirSync(dirname(join(workspace, file)), { recursive: true });
  writeFileSync(join(workspace, file), content);
}

/** A copy of the repository's configuration without code. `amend` may change a package.json before it is written. */
export function createWorkspace(amend: (packageJson: PackageJson) => void = () => {}): Workspace {
  const path = mkdtempSync(join(tmpdir(), "rollcall-rules-"));
  for (const file of configFiles) cpSync(join(repository, file), join(path, file));
  for (const name of packageNames) {
    const packageJson = readPackageJson(name);
    amend(packageJson);
    write(path, `packages/${name}/package.json`, JSON.stringify(packageJson, null, 2));
    cpSync(join(repository, "packages", name, "tsconfig.json"), join(path, "packages", name, "tsconfig.json"));
  }
  symlinkSync(join(repository, "node_modules"), join(path, "node_modules"), "dir");
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tool of node_modules in a workspace and returns its output, for any exit code. */
export function runTool(
  workspace: string,
  tool: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  const program = join(repository, "node_modules", ".bin", tool);
  const options = { cwd: workspace, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env } };
  return new Promise((resolve, reject) => {
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(new Error(`cannot run ${tool}`, { cause: error }));
      else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
