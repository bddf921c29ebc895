import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliError, systemCode } from "./cli-error.js";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a folder in its path is a file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};

/** Reads a file that the user named. `what` is the flag or argument, for the error. */
export async function readUserFile(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unreadable(error, path, what);
  }
}

/** Turns an error of reading a file into an error for the user. */
export function unreadable(error: unknown, path: string, what: string): CliError {
  const code = systemCode(error);
  return new CliError("usage", `${what} ${path}: ${REASONS[code ?? ""] ?? code ?? "it cannot be read"}`, {
    cause: error,
  });
}

/** Returns the typed text, or the content of the file that `@file` names. */
export async function readTextArgument(text: string, what: string): Promise<string> {
  return text.startsWith("@") ? readUserFile(text.slice(1), what) : text;
}

/** Reads JSON: typed, or from `@file`. */
export async function readJsonArgument(text: string, what: string): Promise<unknown> {
  const source = await readTextArgument(text, what);
  try {
    return JSON.parse(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    throw new CliError("usage", `${what} is not JSON: ${reason}`, { cause: error });
  }
}

interface NewFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Private keys are 0600. */
  readonly secret?: boolean;
}

/** Writes files. Without `force`, throws before writing any of them when one exists. */
export async function writeNewFiles(files: readonly NewFile[], force: boolean): Promise<void> {
  if (!force) {
    for (const { path } of files) {
      await refuseExisting(path);
    }
  }
  for (const file of files) {
    await mkdir(dirname(resolve(file.path)), { recursive: true });
    await writeAtomically(file.path, file.content, file.secret ? 0o600 : 0o644);
  }
}

/**
 * Writes a file such that readers see the old or the new content, never a part. Passes on a CliError that the content
 * throws.
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
  mode: number,
): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}-${Date.now()}.tmp`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await writeFile(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof CliError) throw error;
    throw new CliError("unexpected", `${path} cannot be written: ${systemCode(error) ?? "unknown reason"}`, {
      cause: error,
    });
  }
}

/** Throws CliError when the path exists. */
export async function refuseExisting(path: string): Promise<void> {
  if (await exists(path)) throw new CliError("conflict", `${path} exists; --force replaces it`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
