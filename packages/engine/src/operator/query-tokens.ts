import { DpsError } from "@rollcall/protocol";

/** Maximal length of a query, in characters. */
export const MAX_LENGTH = 8192;

/** A token of a query; `position` counts characters from 1. */
export type QueryToken = { readonly position: number } & (
  | { readonly kind: "word" | "symbol"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "end" }
);

/** A 400 that names the place in the query. */
export function queryError(position: number, message: string): DpsError {
  return new DpsError("badRequest", `query, character ${position}: ${message}`, {
    info: { path: "query", position: String(position) },
  });
}

const SPACE = /\s+/y;
/** Keywords, and members with dots between their names. */
const WORD = /[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const SYMBOL = /<>|!=|<=|>=|[=<>()*]/y;

function match(pattern: RegExp, text: string, index: number): string | undefined {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0];
}

/** Cuts a query into tokens; the last token is `end`. Throws the 400 of `queryError`. */
export function queryTokens(text: string): readonly QueryToken[] {
  if (text.length > MAX_LENGTH) {
    throw queryError(MAX_LENGTH + 1, `the query has ${text.length} characters; ${MAX_LENGTH} are allowed`);
  }
  const tokens: QueryToken[] = [];
  let index = 0;
  for (;;) {
    index += match(SPACE, text, index)?.length ?? 0;
    if (index >= text.length) break;
    const { token, length } = nextToken(text, index);
    tokens.push(token);
    index += length;
  }
  return [...tokens, { kind: "end", position: text.length + 1 }];
}

function nextToken(text: string, index: number): { token: QueryToken; length: number } {
  const position = index + 1;
  const quote = text[index];
  if (quote === "'" || quote === '"') return readString(text, index, quote);
  const word = match(WORD, text, index);
  if (word !== undefined) return { token: { kind: "word", text: word, position }, length: word.length };
  const number = match(NUMBER, text, index);
  if (number !== undefined) {
    const value = Number(number);
    if (!Number.isFinite(value)) throw queryError(position, "the number is too large");
    return { token: { kind: "number", value, position }, length: number.length };
  }
  const symbol = match(SYMBOL, text, index);
  if (symbol !== undefined) return { token: { kind: "symbol", text: symbol, position }, length: symbol.length };
  const character = String.fromCodePoint(text.codePointAt(index) ?? 0);
  throw queryError(position, `${JSON.stringify(character)} is not understood here`);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

/**
 * Reads a text. A quote inside is doubled or escaped by a backslash; `
 * `, `\t` and so on, and `\u` with four hex digits, as in JSON.
 */
function readString(text: string, start: number, quote: string): { token: QueryToken; length: number } {
  let value = "";
  let index = start + 1;
  for (;;) {
    const character = text[index];
    if (character === undefined) throw queryError(start + 1, "the text that opens here is not closed");
    if (character === "\\") {
      const escaped = readEscape(text, index);
      value += escaped.value;
      index += escaped.length;
    } else if (character !== quote) {
      value += character;
      index += 1;
    } else if (text[index + 1] === quote) {
      value += quote;
      index += 2;
    } else {
      return { token: { kind: "string", value, position: start + 1 }, length: index + 1 - start };
    }
  }
}

const HEX = /[0-9a-fA-F]{4}/y;

function readEscape(text: string, index: number): { value: string; length: number } {
  const character = text[index + 1];
  if (character === undefined) throw queryError(index + 1, "nothing follows the backslash");
  if (character !== "u") return { value: escapes[character] ?? character, length: 2 };
  const hex = match(HEX, text, index + 2);
  if (hex === undefined) throw queryError(index + 1, "\\u needs four hex digits");
  return { value: String.fromCharCode(Number.parseInt(hex, 16)), length: 6 };
}
