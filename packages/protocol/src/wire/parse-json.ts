import { isUtf8 } from "node:buffer";

/** Deepest JSON that is read: JSON.parse itself survives more, the code behind it (a twin, a log) need not. */
const MAX_DEPTH = 64;

/** Some editors and Windows tools put one in front. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** Parses JSON of a stranger; blank text is `undefined`, nesting beyond 64 levels an error. Never throws. */
export function parseJson(bytes: Uint8Array): { ok: true; value: unknown } | { ok: false; reason: string } {
  if (!isUtf8(bytes)) return { ok: false, reason: "it is not UTF-8 text" };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("utf8")
    .replace(BYTE_ORDER_MARK, "");
  if (text.trim() === "") return { ok: true, value: undefined };
  if (nesting(text) > MAX_DEPTH) return { ok: false, reason: `it is nested deeper than ${MAX_DEPTH} levels` };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof SyntaxError ? error.message : "it is not JSON" };
  }
}

/** Deepest nesting of brackets outside strings. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index);
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return deepest;
}

/** Where the string that opens at `start` closes; the end of the text for one that does not. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index;
}
