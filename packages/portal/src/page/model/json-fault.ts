/** Where a JSON text stops being JSON. Lines and columns count from 1. */
export interface JsonFault {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Deeper than any twin may be, and less than what would exhaust the stack. */
const MAX_DEPTH = 500;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
/** Everything from the space on but " and \\. */
const STRING_PART = /[ !#-[\]-\u{10ffff}]*/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Walks a JSON text (RFC 8259) and stops at the first thing that does not belong. Browsers differ in what they say of it. */
class Walker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  walk(): void {
    this.#space();
    if (this.#at === this.#text.length) throw new Fault(this.#at, "there is nothing here yet");
    this.#value(0);
    if (this.#at < this.#text.length) throw new Fault(this.#at, `${this.#seen()} comes after the end of the document`);
  }

  /** A value and the space after it. */
  #value(depth: number): void {
    if (depth > MAX_DEPTH) throw new Fault(this.#at, "this is nested too deeply");
    const next = this.#text[this.#at];
    if (next === "{") this.#members(depth);
    else if (next === "[") this.#items(depth);
    else if (next === '"') this.#string();
    else if (!this.#word() && !this.#take(NUMBER)) throw new Fault(this.#at, `expected a value, but ${this.#seen()}`);
    this.#space();
  }

  #members(depth: number): void {
    this.#list("}", (isFirst) => {
      if (this.#text[this.#at] !== '"') {
        const wanted = isFirst ? 'a name in " or }' : 'a name in "';
        throw new Fault(this.#at, `expected ${wanted}, but ${this.#seen()}`);
      }
      this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") throw new Fault(this.#at, `expected : after the name, but ${this.#seen()}`);
      this.#at += 1;
      this.#space();
      this.#value(depth + 1);
    });
  }

  #items(depth: number): void {
    this.#list("]", () => this.#value(depth + 1));
  }

  #list(end: string, item: (isFirst: boolean) => void): void {
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (let isFirst = true; ; isFirst = false) {
      item(isFirst);
      const next = this.#text[this.#at];
      if (next !== "," && next !== end) throw new Fault(this.#at, `expected , or ${end}, but ${this.#seen()}`);
      this.#at += 1;
      if (next === end) return;
      this.#space();
    }
  }

  #string(): void {
    const start = this.#at;
    this.#at += 1;
    for (;;) {
      this.#take(STRING_PART);
      const next = this.#text[this.#at];
      if (next === '"') break;
      if (next === undefined || next === "\n" || next === "\r") throw new Fault(start, 'this text has no " at its end');
      if (next !== "\\") throw new Fault(this.#at, "a control character has to be written as \\u and four hex digits");
      if (!this.#take(ESCAPE)) throw new Fault(this.#at, "this is no escape: use \\\\ for a backslash");
    }
    this.#at += 1;
  }

  #word(): boolean {
    const word = ["true", "false", "null"].find((each) => this.#text.startsWith(each, this.#at));
    this.#at += word?.length ?? 0;
    return word !== undefined;
  }

  #space(): void {
    this.#take(SPACE);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    this.#at += match?.[0].length ?? 0;
    return match !== null;
  }

  #seen(): string {
    const point = this.#text.codePointAt(this.#at);
    return point === undefined ? "the text ends" : `${String.fromCodePoint(point)} stands here`;
  }
}

/** The first fault of a JSON text; undefined where JSON.parse would take it. */
export function findJsonFault(text: string): JsonFault | undefined {
  try {
    new Walker(text).walk();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.offset).split("\n");
    return {
      offset: error.offset,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      message: error.message,
    };
  }
}
