import { type EnrollmentKind, enrollmentKinds } from "@rollcall/protocol";
import { memberProblem, withoutCollection } from "./query-members.js";
import { MAX_LENGTH, type QueryToken, queryError, queryTokens } from "./query-tokens.js";

export type Literal = string | number | boolean | null;
export const comparisons = ["=", "!=", "<>", "<", "<=", ">", ">="] as const;
export type Comparison = (typeof comparisons)[number];

export type Condition =
  | { readonly kind: "and"; readonly of: readonly Condition[] }
  | { readonly kind: "or"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | {
      readonly kind: "compare";
      readonly member: readonly string[];
      readonly operator: Comparison;
      readonly value: Literal;
    };

export interface Query {
  readonly where?: Condition;
  readonly orderBy?: { readonly member: readonly string[]; readonly descending: boolean };
}

/** Maximal nesting of parentheses and NOTs. */
const MAX_DEPTH = 32;

/**
 * Reads a query: `*`, or `SELECT * [FROM {collection}] [WHERE condition] [ORDER BY member [ASC|DESC]]`; an empty text,
 * as .NET sends it (azure-iot-sdk-csharp#3478), is `*`. Throws a 400 that names the place of the error, and no other
 * error.
 */
export function parseQuery(text: string, kind: EnrollmentKind): Query {
  if (text.length <= MAX_LENGTH && text.trim() === "") return {};
  const { collection } = enrollmentKinds[kind];
  const reader = new Reader(queryTokens(text), kind);
  if (!reader.takeSymbol("*")) {
    reader.need(reader.takeWord("select"), "SELECT or *");
    reader.need(reader.takeSymbol("*"), "* (whole enrollments are all that can be selected)");
    if (reader.takeWord("from")) reader.need(reader.takeWord(collection.toLowerCase()), collection);
  }
  const where = reader.takeWord("where") ? readOr(reader, 0) : undefined;
  const orderBy = reader.takeWord("order") ? readOrder(reader) : undefined;
  reader.need(reader.current.kind === "end", where ? "AND, OR, ORDER BY or the end" : "WHERE, ORDER BY or the end");
  return { ...(where && { where }), ...(orderBy && { orderBy }) };
}

/** Words that cannot be members, so that the error of a query with a missing member names the right place. */
const keywords: ReadonlySet<string> = new Set(["select", "from", "where", "and", "or", "not", "order", "by"]);

class Reader {
  readonly #tokens: readonly QueryToken[];
  readonly #kind: EnrollmentKind;
  #index = 0;

  constructor(tokens: readonly QueryToken[], kind: EnrollmentKind) {
    this.#tokens = tokens;
    this.#kind = kind;
  }

  get current(): QueryToken {
    return this.#tokens[this.#index] ?? { kind: "end", position: 1 };
  }

  next(): void {
    this.#index += 1;
  }

  /** Keywords are compared without case. */
  takeWord(word: string): boolean {
    const { current } = this;
    const isIt = current.kind === "word" && current.text.toLowerCase() === word;
    if (isIt) this.next();
    return isIt;
  }

  takeSymbol(symbol: string): boolean {
    const { current } = this;
    const isIt = current.kind === "symbol" && current.text === symbol;
    if (isIt) this.next();
    return isIt;
  }

  /** Takes a member that enrollments of this kind have. */
  takeMember(): readonly string[] {
    const { current } = this;
    if (current.kind !== "word" || keywords.has(current.text.toLowerCase())) {
      throw this.error("a member such as provisioningStatus or attestation.type is expected");
    }
    const member = withoutCollection(current.text.split("."), this.#kind);
    const problem = memberProblem(member, this.#kind);
    if (problem !== undefined) throw this.error(problem);
    this.next();
    return member;
  }

  need(found: boolean, expected: string): void {
    if (!found) throw this.error(`${expected} is expected`);
  }

  error(message: string): Error {
    return queryError(this.current.position, message);
  }
}

function readOr(reader: Reader, depth: number): Condition {
  const of = [readAnd(reader, depth)];
  while (reader.takeWord("or")) of.push(readAnd(reader, depth));
  return combine("or", of);
}

function readAnd(reader: Reader, depth: number): Condition {
  const of = [readNot(reader, depth)];
  while (reader.takeWord("and")) of.push(readNot(reader, depth));
  return combine("and", of);
}

function combine(kind: "and" | "or", of: readonly Condition[]): Condition {
  const [only] = of;
  return only && of.length === 1 ? only : { kind, of };
}

function readNot(reader: Reader, depth: number): Condition {
  if (depth > MAX_DEPTH) throw reader.error(`conditions are nested deeper than ${MAX_DEPTH} levels`);
  if (reader.takeWord("not")) return { kind: "not", of: readNot(reader, depth + 1) };
  if (!reader.takeSymbol("(")) return readComparison(reader);
  const inner = readOr(reader, depth + 1);
  reader.need(reader.takeSymbol(")"), ")");
  return inner;
}

function readComparison(reader: Reader): Condition {
  const member = reader.takeMember();
  const { current } = reader;
  const operator = comparisons.find((each) => current.kind === "symbol" && current.text === each);
  if (operator === undefined) throw reader.error("one of = != <> < <= > >= is expected");
  reader.next();
  return { kind: "compare", member, operator, value: readLiteral(reader) };
}

const words: Readonly<Record<string, Literal>> = { true: true, false: false, null: null };

function readLiteral(reader: Reader): Literal {
  const { current } = reader;
  const word = current.kind === "word" ? current.text.toLowerCase() : "";
  if (current.kind === "string" || current.kind === "number") {
    reader.next();
    return current.value;
  }
  if (Object.hasOwn(words, word)) {
    reader.next();
    return words[word] ?? null;
  }
  throw reader.error("a text in quotes, a number, true, false or null is expected");
}

function readOrder(reader: Reader): NonNullable<Query["orderBy"]> {
  reader.need(reader.takeWord("by"), "BY");
  const member = reader.takeMember();
  if (reader.takeWord("desc")) return { member, descending: true };
  reader.takeWord("asc");
  return { member, descending: false };
}
