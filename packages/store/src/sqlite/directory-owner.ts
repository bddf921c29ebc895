import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StoreError } from "../sql/store-error.js";
import { isAlive, ownMark, type ProcessMark } from "./process-life.js";

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Reads the owner from a file. Undefined when the file is missing, or incomplete because the machine lost power. */
function ownerIn(file: string): ProcessMark | undefined {
  const match = /^(\d{1,10})\n(.*)\n$/.exec(readIfThere(file) ?? "");
  const [, pid = "", birth = ""] = match ?? [];
  return match ? { pid: Number(pid), birth } : undefined;
}

/** Creates `file` with the content of `own`, complete from the first moment; false when it exists already. */
function claim(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (codeOf(error) !== "EPERM" && codeOf(error) !== "ENOTSUP" && codeOf(error) !== "ENOSYS") throw error;
  }
  try {
    // Only for file systems without hard links.
    writeFileSync(file, readFileSync(own), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Takes over from an owner that no longer runs. The owner's file is replaced, never absent. A second file lets only one
 * process do this at a time. Throws `inUse` when another process is the owner.
 */
function takeOver(own: string, file: string, inUse: (owner: ProcessMark) => StoreError): void {
  const turn = `${file}.turn`;
  if (!claim(own, turn)) {
    const other = ownerIn(turn);
    if (other && isAlive(other)) throw inUse(other);
    rmSync(turn, { force: true });
    if (!claim(own, turn)) throw inUse(ownerIn(turn) ?? { pid: 0, birth: "" });
  }
  try {
    const owner = ownerIn(file);
    if (owner && isAlive(owner)) throw inUse(owner);
    renameSync(own, file);
  } finally {
    unlinkSync(turn);
  }
}

/**
 * Makes this process the only owner of the directory, which is created if absent. Returns a function that gives it up.
 * The owner's pid is in `store.pid`. A killed process leaves that file behind, and its pid shows that it no longer
 * runs. Throws StoreError.
 */
export function ownDirectory(directory: string): () => void {
  const inUse = ({ pid }: ProcessMark) => new StoreError("directoryInUse", `${directory}, process ${pid}`);
  const file = join(directory, "store.pid");
  const own = `${file}.${process.pid}`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { pid, birth } = ownMark();
    writeFileSync(own, `${pid}\n${birth}\n`, { mode: 0o600 });
    if (!claim(own, file)) takeOver(own, file, inUse);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(codeOf(error) === "ENOSPC" ? "diskFull" : "noAccess", directory, { cause: error });
  } finally {
    if (existsSync(own)) unlinkSync(own);
  }
  return () => rmSync(file, { force: true });
}

/**
 * Makes the names in a directory, and those of the directories above it, durable. Otherwise a power cut may lose the
 * name of a file that was synced. SQLite's WASM build does not do this when it creates a file.
 */
export function syncDirectory(directory: string): void {
  for (let path = resolve(directory); ; path = dirname(path)) {
    try {
      const file = openSync(path, "r");
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch {
      // Not every system can sync a directory, and we may not be allowed to open those above.
    }
    if (dirname(path) === path) return;
  }
}
