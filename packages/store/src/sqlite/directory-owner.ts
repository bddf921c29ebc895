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

/** Identifies a process, also when a later process gets the same pid. */
interface Owner {
  readonly pid: number;
  /** Boot id and start time where the system tells them (Linux), else empty. */
  readonly started: string;
}

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Boot id and start time of a process. Undefined where the system does not tell them; "gone" for a process that has
 * ended but was not reaped.
 */
function startOf(pid: number): string | undefined {
  const boot = readIfThere("/proc/sys/kernel/random/boot_id");
  const status = readIfThere(`/proc/${pid}/stat`);
  if (boot === undefined || status === undefined) return undefined;
  // The program's name may contain any character, so fields are counted from its closing parenthesis: state is the 3rd,
  // start time the 22nd.
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "gone" : `${boot.trim()} ${fields[19]}`;
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  const now = startOf(pid);
  return now === undefined || started === "" || now === started;
}

/** Reads the owner from a file. Undefined when the file is missing, or incomplete because the machine lost power. */
function ownerIn(file: string): Owner | undefined {
  const match = /^(\d{1,10})\n(.*)\n$/.exec(readIfThere(file) ?? "");
  const [, pid = "", started = ""] = match ?? [];
  return match ? { pid: Number(pid), started } : undefined;
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
function takeOver(own: string, file: string, inUse: (owner: Owner) => StoreError): void {
  const turn = `${file}.turn`;
  if (!claim(own, turn)) {
    const other = ownerIn(turn);
    if (other && isAlive(other)) throw inUse(other);
    rmSync(turn, { force: true });
    if (!claim(own, turn)) throw inUse(ownerIn(turn) ?? { pid: 0, started: "" });
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
  const inUse = ({ pid }: Owner) => new StoreError("directoryInUse", `${directory}, process ${pid}`);
  const file = join(directory, "store.pid");
  const own = `${file}.${process.pid}`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(own, `${process.pid}\n${startOf(process.pid) ?? ""}\n`, { mode: 0o600 });
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
