import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../packages/cli/bin/rollcall.mjs", import.meta.url));

/** Exit code and output of a command line. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** The environment of the tests, without the variables that would change the commands. */
function environment(extra: CliOptions["env"] = {}): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NO_COLOR: __, NODE_OPTIONS: ___, ...rest } = process.env;
  const clean = Object.entries(rest).filter(([name]) => !name.startsWith("ROLLCALL_") && !name.startsWith("VITEST"));
  return { ...Object.fromEntries(clean), ...extra };
}

/** Starts `rollcall` and leaves it running. */
export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcess {
  return spawn(process.execPath, [bin, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: environment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
    // The process ends even if the test timed out.
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
}

/** Runs `rollcall` to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return outcome(startCli(args, options), options.input);
}

/** Collects what a started command prints until it ends. */
export function outcome(child: ChildProcess, input = ""): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Resolves once the output of the child matches the pattern; rejects when it ends before. */
export function printed(child: ChildProcess, stream: "stdout" | "stderr", pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child[stream]?.on("data", (chunk: Buffer | string) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve(text);
    });
    child.on("close", (code) => reject(new Error(`ended with ${code} before it printed ${pattern}: ${text}`)));
  });
}

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "rollcall-cli-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Flags that make a service use any free ports. */
export const freePorts = ["--mqtt-port", "0", "--https-port", "0", "--dashboard-port", "0"] as const;
