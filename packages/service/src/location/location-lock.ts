import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAlive, ownMark, type ProcessMark } from "@rollcall/store/process-life";
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

/**
 * Takes the lock of a folder. A lock that a killed process left behind is recognised and removed. Returns a function
 * that releases the lock. Throws LocationInUseError and LocationError.
 */
export function lockLocation(folder: string): () => void {
  const path = `${folder}/lock`;
  const mine = JSON.stringify(ownMark());
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

function parseHolder(text: string): ProcessMark | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProcessMark> | null;
    return typeof value?.pid === "number" ? { pid: value.pid, birth: String(value.birth ?? "") } : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
