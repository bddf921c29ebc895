import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";

/** A file or folder of the location that cannot be used; the message says which, why and what to do. */
export class LocationError extends Error {
  override readonly name: string = "LocationError";
  readonly path: string;
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Writes a file of mode 0600 whole or not at all, also when the process is killed meanwhile. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const file = openSync(temporary, "wx", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new LocationError(path, `${path} cannot be written: ${errorCode(cause)}`, { cause });
  }
}

/**
 * The text of a file; undefined when the file does not exist. Removes other users' permissions. Throws LocationError.
 */
export function readPrivateFile(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    return text;
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw new LocationError(path, `${path} cannot be read: ${errorCode(cause)}`, { cause });
  }
}

/** The code of a system error, such as `ENOENT`; the message of any other error. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}
