import { importError } from "./import-error.js";

/** Largest value of an upload: one line, one entry of an array, or a whole seed file. */
export const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/** A part of an upload and the line, counted from 1, in which it begins. */
export interface Piece {
  readonly line: number;
  readonly bytes: Buffer;
}

const LINE_FEED = 0x0a;

/** The lines of a text that are not blank. Throws DpsError for a line that is too long. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let line = 1;
  let parts: Buffer[] = [];
  let size = 0;
  const take = (part: Buffer) => {
    size += part.length;
    if (size > MAX_VALUE_BYTES) throw importError(line, `is longer than ${MAX_VALUE_BYTES / 1024 / 1024} MB`);
    parts.push(part);
  };
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      take(bytes.subarray(from, end));
      const whole = parts.length === 1 ? parts[0] : Buffer.concat(parts, size);
      if (whole && !isBlank(whole)) yield { line, bytes: whole };
      [parts, size, from] = [[], 0, end + 1];
      line++;
    }
    // A copy: the code that reads the file may use its buffer again.
    if (from < bytes.length) take(Buffer.from(bytes.subarray(from)));
  }
  const rest = Buffer.concat(parts, size);
  if (!isBlank(rest)) yield { line, bytes: rest };
}

/** True if there are only spaces, tabs, line ends, and the byte order mark that some editors put in front. */
export function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (!blanks.has(byte)) return false;
  return true;
}

export const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d, LINE_FEED, 0xef, 0xbb, 0xbf]);
