import { type ChildProcess, spawn } from "node:child_process";
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findService, type RunningService, stopCommand } from "../../client/running-service.js";
import { CliError, reasonOf, systemCode } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { formatMs } from "../../terminal/durations.js";
import { type ExitKind, exitCodes } from "../../terminal/exit-codes.js";

const TIMEOUT_MS = 60_000;
const PAUSE_MS = 50;
const TAIL_LINES = 15;

/** Starts the same command line without `--detach` as a separate process, and returns once its service is ready. */
export async function startDetached(
  location: string,
  { argv, terminal, interrupts }: Context,
): Promise<RunningService> {
  const there = await findService(location);
  if (there)
    throw new CliError("unsafe", `${location} is in use by process ${there.pid}`, { next: stopCommand(location) });
  const logPath = join(location, "rollcall.log");
  const log = await openLogIn(location, logPath);
  const began = (await log.stat()).size;
  const bin = fileURLToPath(new URL("../../../bin/rollcall.mjs", import.meta.url));
  // Standard output is discarded, since the banner would put the connection string into the log.
  const child = spawn(process.execPath, [bin, ...argv.filter((word) => word !== "--detach")], {
    detached: true,
    stdio: ["ignore", "ignore", log.fd],
  });
  await log.close();
  const service = await untilReady(child, location, interrupts.hold());
  child.unref();
  if (service) return service;
  await terminateQuietly(child);
  throw await whyItDied(child, { logPath, began, terminal, interrupted: interrupts.received !== undefined });
}

async function openLogIn(location: string, logPath: string): Promise<FileHandle> {
  try {
    await mkdir(location, { recursive: true, mode: 0o700 });
    return await open(logPath, "a", 0o600);
  } catch (cause) {
    const why = `${location} cannot be used as the location: ${systemCode(cause) ?? reasonOf(cause)}. Choose another with --location.`;
    throw new CliError("unsafe", why, { cause });
  }
}

/** Waits for the service to be ready. Returns undefined when the process ended, or was not ready in time. */
async function untilReady(
  child: ChildProcess,
  location: string,
  signal: AbortSignal,
): Promise<RunningService | undefined> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (hasNotEnded(child) && performance.now() < deadline && !signal.aborted) {
    const service = await findService(location);
    if (service && service.pid === child.pid && (await service.isReady())) return service;
    await sleep(PAUSE_MS);
  }
  return undefined;
}

const hasNotEnded = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function terminateQuietly(child: ChildProcess): Promise<void> {
  if (!hasNotEnded(child)) return;
  child.kill("SIGTERM");
  const deadline = performance.now() + 5000;
  while (hasNotEnded(child) && performance.now() < deadline) await sleep(PAUSE_MS);
}

interface Death {
  readonly logPath: string;
  /** Size of the log before this start. */
  readonly began: number;
  readonly terminal: Context["terminal"];
  readonly interrupted: boolean;
}

/** Prints the end of the process's log, and returns an error with its exit code. */
async function whyItDied(child: ChildProcess, { logPath, began, terminal, interrupted }: Death): Promise<CliError> {
  const text = (await readFile(logPath)).subarray(began).toString("utf8").trimEnd();
  for (const line of text.split("\n").slice(-TAIL_LINES)) if (line !== "") terminal.note(`  ${line}`);
  if (interrupted) return new CliError("interrupted", "interrupted before the service was ready");
  const code = child.exitCode;
  if (code === null || code === 0) {
    return new CliError(
      "unreachable",
      `the service was not ready within ${formatMs(TIMEOUT_MS)}; its log is ${logPath}`,
    );
  }
  return new CliError(
    kindOf(code),
    `the service ended with exit code ${code} before it was ready; its log is ${logPath}`,
  );
}

function kindOf(code: number): ExitKind {
  const kinds = Object.keys(exitCodes) as ExitKind[];
  return kinds.find((kind) => exitCodes[kind].code === code) ?? "unexpected";
}
