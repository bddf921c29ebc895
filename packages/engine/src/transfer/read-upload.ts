import { DpsError, type ImportResult, parseJson } from "@rollcall/protocol";
import { importError } from "./import-error.js";
import type { Incoming } from "./import-types.js";
import { type ExportHead, isExportHead, readExport } from "./read-export.js";
import { isWireEnrollment, readSeed, readWireEnrollment, readWireList, type WireOptions } from "./read-wire.js";
import { splitArray } from "./split-array.js";
import { blanks, MAX_VALUE_BYTES, type Piece, splitLines } from "./split-lines.js";

/** An upload whose format was recognised by its beginning; its records are read on demand. */
export interface Upload {
  readonly format: ImportResult["format"];
  /** The ID scope of an export. */
  readonly idScope?: string;
  readonly records: AsyncIterable<Incoming>;
}

const OPEN_ARRAY = 0x5b;

/** Recognises the format of an upload: an export, an array as `az` prints it, or a seed file. Throws DpsError. */
export async function readUpload(chunks: AsyncIterable<Uint8Array>, options: WireOptions): Promise<Upload> {
  const { first, all } = await firstByte(chunks);
  if (first === undefined) throw new DpsError("badRequest", "The upload is empty.");
  if (first === OPEN_ARRAY) return { format: "list", records: readWireList(splitArray(all), options) };
  const lines = splitLines(all)[Symbol.asyncIterator]();
  const head = await lines.next();
  const line: Piece = head.value ?? { line: 1, bytes: Buffer.alloc(0) };
  const rest = { [Symbol.asyncIterator]: () => lines };
  const opening = parseJson(line.bytes);
  if (opening.ok && isExportHead(opening.value, line.line)) return ofExport(opening.value, rest);
  const document = opening.ok ? opening.value : await readDocument(line, rest);
  if (isWireEnrollment(document)) {
    return { format: "list", records: one(readWireEnrollment(line.line, document, options)) };
  }
  return { format: "seed", records: readSeed(document, options) };
}

function ofExport({ idScope }: ExportHead, lines: AsyncIterable<Piece>): Upload {
  const scope = typeof idScope === "string" ? { idScope } : {};
  return { format: "export", ...scope, records: readExport(lines) };
}

/** The first byte that is not blank, and the upload from its beginning on. */
async function firstByte(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly first: number | undefined; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const begun: Uint8Array[] = [];
  let first: number | undefined;
  let size = 0;
  while (first === undefined) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    begun.push(Buffer.from(value));
    size += value.length;
    if (size > MAX_VALUE_BYTES) throw importError(1, "the upload begins with too much blank space");
    first = value.find((byte) => !blanks.has(byte));
  }
  async function* everything(): AsyncGenerator<Uint8Array> {
    yield* begun;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { first, all: everything() };
}

/** A value that spans several lines, as people write it. */
async function readDocument(first: Piece, lines: AsyncIterable<Piece>): Promise<unknown> {
  const parts = [first.bytes];
  let size = first.bytes.length;
  for await (const { bytes, line } of lines) {
    size += bytes.length + 1;
    if (size > MAX_VALUE_BYTES) {
      throw importError(line, `exceeds the ${MAX_VALUE_BYTES / 1024 / 1024} MB that a seed file may have`);
    }
    parts.push(Buffer.from("\n"), bytes);
  }
  const json = parseJson(Buffer.concat(parts));
  if (json.ok) return json.value;
  throw importError(
    first.line,
    `does not begin a Rollcall export, an array of enrollments or a seed file in JSON: ${json.reason}`,
  );
}

async function* one<T>(value: Promise<T>): AsyncGenerator<T> {
  yield await value;
}
