import { fc, it as property } from "@fast-check/vitest";
import { DpsError } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { splitArray } from "./split-array.js";
import { MAX_VALUE_BYTES, type Piece, splitLines } from "./split-lines.js";

/** A text in pieces of these sizes, like the chunks of a file. */
async function* chunked(text: string | Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield Buffer.from(bytes.subarray(at, at + size));
    at += size;
  }
}

async function all(pieces: AsyncIterable<Piece>): Promise<readonly { line: number; text: string }[]> {
  const found: { line: number; text: string }[] = [];
  for await (const { line, bytes } of pieces) found.push({ line, text: bytes.toString() });
  return found;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
const blank = fc.stringMatching(/^[ \t\r\n]{0,4}$/);
const linesBefore = (text: string) => text.split("\n").length;

describe("an array", () => {
  property.prop([fc.array(fc.tuple(blank, fc.jsonValue(), blank, fc.boolean()), { maxLength: 8 }), blank, sizes])(
    "is cut into its entries, for any content and any chunk sizes",
    async (entries, around, cuts) => {
      let text = `${around}[`;
      const expected: { line: number; value: unknown }[] = [];
      for (const [index, [before, value, after, isPretty]] of entries.entries()) {
        text += `${index > 0 ? "," : ""}${before}`;
        expected.push({ line: linesBefore(text), value: JSON.parse(JSON.stringify(value)) });
        text += `${JSON.stringify(value, null, isPretty ? 2 : 0)}${after}`;
      }
      const found = await all(splitArray(chunked(`${text}]${around}`, cuts)));
      expect(found.map(({ line, text: entry }) => ({ line, value: JSON.parse(entry) as unknown }))).toEqual(expected);
    },
  );

  property.prop([fc.oneof(fc.uint8Array(), fc.stringMatching(/^[[\]{},"\\ a]*$/)), sizes])(
    "that is invalid is refused with a line number, or only its entries are invalid",
    async (bytes, cuts) => {
      const answer = await all(splitArray(chunked(bytes, cuts))).catch((error: unknown) => error);
      if (answer instanceof Error)
        expect(answer).toMatchObject({ name: "DpsError", info: { line: expect.any(String) } });
      else expect(Buffer.from(bytes).toString()).toMatch(/^\s*\[.*\]\s*$/s);
    },
  );

  it.each([
    ["[", /Line 1: the array is cut short/],
    ["[\n1", /Line 2: the array is cut short/],
    ['["]', /cut short/],
    ["[1,]", /an entry of the array is missing/],
    ["[,1]", /an entry of the array is missing/],
    ["[1]\n\n2", /Line 3: there is something after the array/],
    ["[1}", /closed by a brace/],
    ["[1][2]", /after the array/],
  ])("%j is refused", async (text, message) => {
    await expect(all(splitArray(chunked(text, [2])))).rejects.toThrow(message);
  });
});

describe("lines", () => {
  property.prop([fc.array(fc.string()), fc.constantFrom("\n", "\r\n"), sizes])(
    "are found for any chunk sizes, and blank lines are left out",
    async (texts, end, cuts) => {
      const lines = texts.map((text) => text.replace(/[\r\n]/g, ""));
      const found = await all(splitLines(chunked(lines.join(end), cuts)));
      const expected = lines.flatMap((text, index) => (/^[ \t\ufeff]*$/.test(text) ? [] : [{ line: index + 1, text }]));
      expect(found.map(({ line, text }) => ({ line, text: text.replace(/\r$/, "") }))).toEqual(expected);
    },
  );

  it("that are too long are refused before they are read completely", async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.alloc(1024 * 1024, "x");
      for (let count = 0; count * chunk.length <= 2 * MAX_VALUE_BYTES; count++) yield chunk;
      throw new Error("read too far");
    }
    await expect(all(splitLines(endless()))).rejects.toThrow(DpsError);
    async function* entry(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('["');
      yield* endless();
    }
    await expect(all(splitArray(entry()))).rejects.toThrow(/an entry is longer than 16 MB/);
  });
});
