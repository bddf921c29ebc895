import type { Readable } from "node:stream";
import { limits } from "@rollcall/protocol";

/** The largest number of bytes that are read and dropped, so that the sender sees the answer instead of a reset. */
const MAX_DRAINED_BYTES = 8 * 1024 * 1024;

/** A body that was larger than allowed; `bytes` is the number that had arrived when reading ended. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
  readonly bytes: number;
  constructor(bytes: number) {
    super(`the body has ${bytes} bytes or more; ${limits.messageBytes} are allowed`);
    this.bytes = bytes;
  }
}

/** A body whose sender disconnected before its end: not an internal error, and nobody reads the answer. */
class BodyCutShort extends Error {
  override readonly name = "BodyCutShort";
  readonly statusCode = 400;
}

/**
 * Reads a whole body unchanged. Bytes beyond the limit are read and dropped: an answer while the client is still
 * sending ends in a reset, and the client never sees the reason.
 */
export async function readBody(stream: Readable, limit: number = limits.messageBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
      if (bytes > MAX_DRAINED_BYTES) break;
    }
  } catch (cause) {
    throw new BodyCutShort("The body ended before its length was reached.", { cause });
  }
  if (bytes > limit) throw new BodyTooLarge(bytes);
  return Buffer.concat(chunks, bytes);
}
