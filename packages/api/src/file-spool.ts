import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Spool } from "@rollcall/engine";

/** Number of bytes that are read from a spool at a time. */
const CHUNK = 256 * 1024;

/** A temporary file that nobody else may read, since it may contain keys. */
export class FileSpool implements Spool, AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #size = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Where the system allows it, the file is unlinked immediately, so that a killed process leaves nothing behind. */
  static async open(directory: string): Promise<FileSpool> {
    const path = join(directory, `import-${randomBytes(8).toString("hex")}.tmp`);
    const file = await open(path, "wx+", 0o600);
    await rm(path, { force: true }).catch(() => undefined);
    return new FileSpool(path, file);
  }

  /** Number of bytes that were written. */
  get size(): number {
    return this.#size;
  }

  async write(part: string | Uint8Array): Promise<void> {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, this.#size);
      from += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.#size; ) {
      // A new buffer for each chunk, because the reader may keep a part of it.
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}

/** An upload that is larger than allowed. */
export class UploadTooLarge extends Error {
  override readonly name = "UploadTooLarge";
}

/** An upload whose sender disconnected before its end. */
class UploadCutShort extends Error {
  override readonly name = "UploadCutShort";
  readonly statusCode = 400;
}

/** Writes a whole upload to a spool as fast as it arrives, so that later processing does not slow down the sender. */
export async function spoolUpload(stream: Readable, spool: FileSpool, limit: number): Promise<void> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const { done, value } = await chunks.next().catch((cause: unknown) => {
      throw new UploadCutShort("The upload ended before its length was reached.", { cause });
    });
    if (done === true) return;
    if (spool.size + value.length > limit) throw new UploadTooLarge();
    await spool.write(value);
  }
}
