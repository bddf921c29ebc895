import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { errorCode, LocationError } from "./private-files.js";

/** Another service runs in this location. */
export class LocationInUseError extends LocationError {
  override readonly name = "LocationInUseError";
  readonly pid: number;
  constructor(path: string, pid: number) {
    super(
      path,
      `${path} is in use by process ${pid}. Stop that service (rollcall stop), or choose another folder with --location.`,
    );
    this.pid = pid;
  }
}

/** Identifies a process, also when a later process gets the same pid. */
interface Holder {
  readonly pid: number;
  /** Boot id and start time; empty where the platform does not tell them. */
  readonly birth: string;
}

/**
 * Takes the lock of a folder. A lock that a killed process left behind is recognised and removed. Returns a function
 * that releases the lock. Throws LocationInUseError and LocationError.
 */
export function lockLocation(folder: string): () => void {
  const path = `${folder}/lock`;
  const mine = JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) } satisfies Holder);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, mine, { mode: 0o600, flag: "wx" });
  try {
    // Creating a link is atomic, and fails when the path exists: two starts cannot both take the lock.
    while (!tryLink(draft, path)) clearStale(folder, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readText(path) === mine) rmSync(path, { force: true });
  };
}

function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") return false;
    throw new LocationError(path, `${path} cannot be made: ${errorCode(cause)}`, { cause });
  }
}

/** Removes the lock of a process that has ended. Throws LocationInUseError when the process still runs. */
function clearStale(folder: string, path: string): void {
  const seen = readText(path);
  if (seen === undefined) return;
  const holder = parseHolder(seen);
  if (holder && isAlive(holder)) throw new LocationInUseError(folder, holder.pid);
  const aside = `${path}.stale.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return;
    throw new LocationError(path, `${path} was left by a killed process and cannot be removed: ${errorCode(cause)}`, {
      cause,
    });
  }
  const moved = readText(aside);
  // Another process removed the stale lock before us and took the lock: put its lock back.
  if (moved !== undefined && moved !== seen) tryLink(aside, path);
  rmSync(aside, { force: true });
}

/** True while the process that holds the lock of a folder runs. */
export function isLocationInUse(folder: string): boolean {
  const holder = parseHolder(readText(`${folder}/lock`) ?? "");
  return holder !== undefined && isAlive(holder);
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    return typeof value?.pid === "number" ? { pid: value.pid, birth: String(value.birth ?? "") } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, birth }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
  }
  const now = birthOf(pid);
  return now !== "gone" && (birth === "" || now === "" || birth === now);
}

/**
 * Boot id and start time in ticks, on Linux. A container whose service is always process 1 needs them. "gone" for a
 * process that has ended but was not reaped.
 */
function birthOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  const boot = readText("/proc/sys/kernel/random/boot_id");
  if (stat === undefined || boot === undefined) return "";
  // The name of the process, in brackets, may hold spaces: fields are counted after the bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "gone" : `${boot.trim()}/${fields[19] ?? ""}`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
