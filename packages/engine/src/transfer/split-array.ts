import { importError } from "./import-error.js";
import { blanks, isBlank, MAX_VALUE_BYTES, type Piece } from "./split-lines.js";

const code = (character: string) => character.charCodeAt(0);
const [OPEN_OBJECT, CLOSE_OBJECT] = [code("{"), code("}")];
const [OPEN_ARRAY, CLOSE_ARRAY] = [code("["), code("]")];
const [QUOTE, BACKSLASH, COMMA, LINE_FEED] = [code('"'), code("\\"), code(","), code("\n")];

/**
 * Cuts a JSON array into the texts of its entries, with only one entry in memory at a time. The reader checks whether
 * an entry is JSON; this class only follows brackets and strings. In UTF-8, no byte of a multi-byte character is below
 * 128.
 */
class ArraySplitter {
  #line = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #isOver = false;
  #startLine: number | undefined;
  #parts: Buffer[] = [];
  #size = 0;
  #count = 0;

  *take(bytes: Buffer): Generator<Piece> {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === LINE_FEED) this.#line++;
      const wasOpen = this.#depth > 0;
      const ends = this.#step(byte);
      if (!wasOpen) from = at + 1;
      if (!ends) continue;
      this.#keep(bytes.subarray(from, at));
      yield* this.#piece(byte === CLOSE_ARRAY);
      from = at + 1;
    }
    if (this.#depth > 0) this.#keep(Buffer.from(bytes.subarray(from)));
  }

  /** Throws when the array is still open. */
  finish(): void {
    if (!this.#isOver) throw importError(this.#line, "the array is cut short: it has no closing bracket");
  }

  /** Processes one byte; true when an entry ends before it. */
  #step(byte: number): boolean {
    if (this.#inString) return this.#stringStep(byte);
    if (this.#depth === 0) this.#outside(byte);
    else if (this.#startLine === undefined && !blanks.has(byte)) this.#startLine = this.#line;
    if (byte === QUOTE) this.#inString = this.#depth > 0;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#depth++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) return this.#close(byte);
    return byte === COMMA && this.#depth === 1;
  }

  /** Processes a closing bracket; true at the end of the array. */
  #close(byte: number): boolean {
    this.#depth--;
    if (this.#depth > 0) return false;
    if (byte !== CLOSE_ARRAY) throw importError(this.#line, "the array is closed by a brace");
    this.#isOver = true;
    return true;
  }

  #stringStep(byte: number): false {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
    return false;
  }

  #outside(byte: number): void {
    if (blanks.has(byte) || (byte === OPEN_ARRAY && !this.#isOver)) return;
    const where = this.#isOver ? "after the array" : "where the array should begin";
    throw importError(this.#line, `there is something ${where}`);
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > MAX_VALUE_BYTES) {
      throw importError(this.#startLine ?? this.#line, `an entry is longer than ${MAX_VALUE_BYTES / 1024 / 1024} MB`);
    }
    this.#parts.push(part);
  }

  *#piece(isLast: boolean): Generator<Piece> {
    const bytes = Buffer.concat(this.#parts, this.#size);
    const line = this.#startLine ?? this.#line;
    [this.#parts, this.#size, this.#startLine] = [[], 0, undefined];
    if (!isBlank(bytes)) {
      this.#count++;
      yield { line, bytes };
    } else if (!isLast || this.#count > 0) throw importError(line, "an entry of the array is missing");
  }
}

/** The entries of a JSON array, as texts. Throws DpsError when the text is not an array. */
export async function* splitArray(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const splitter = new ArraySplitter();
  for await (const chunk of chunks) {
    yield* splitter.take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  splitter.finish();
}
