/** The first error in a JSON text. Lines and columns count from 1. */
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

/** Deeper than any allowed twin, but not so deep that the stack overflows. */
const MAX_DEPTH = 500;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
/** Everything from the space on but " and \\. */
const STRING_PART = /[ !#-[\]-\u{10ffff}]*/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** A member name in the text: its offset, and its path of names and indices, which ends with the name itself. */
export interface NameSeen {
  readonly path: readonly (string | number)[];
  readonly offset: number;
}

/** Parses a JSON text (RFC 8259) up to the first error. Written here because the error messages of browsers differ. */
class Walker {
  readonly #text: string;
  readonly #names: NameSeen[];
  #at = 0;

  constructor(text: string, names: NameSeen[] = []) {
    this.#text = text;
    this.#names = names;
  }

  walk(): void {
    this.#space();
    if (this.#at === this.#text.length) throw new Fault(this.#at, "the text is empty");
    this.#value([]);
    if (this.#at < this.#text.length)
      throw new Fault(this.#at, `expected the end of the document, but ${this.#seen()}`);
  }

  /** Reads a value and the space after it. */
  #value(path: NameSeen["path"]): void {
    if (path.length > MAX_DEPTH) throw new Fault(this.#at, "this is nested too deeply");
    const next = this.#text[this.#at];
    if (next === "{") this.#members(path);
    else if (next === "[") this.#items(path);
    else if (next === '"') this.#string();
    else if (!this.#word() && !this.#take(NUMBER)) throw this.#unexpected("a value");
    this.#space();
  }

  #members(path: NameSeen["path"]): void {
    this.#list("}", (index) => {
      const offset = this.#at;
      if (this.#text[offset] !== '"') throw this.#unexpected(index === 0 ? 'a name in " or }' : 'a name in "');
      this.#string();
      // A cast: the text just read is a JSON string.
      const inner = [...path, JSON.parse(this.#text.slice(offset, this.#at)) as string];
      this.#names.push({ path: inner, offset });
      this.#space();
      if (this.#text[this.#at] !== ":") throw this.#unexpected(": after the name");
      this.#at += 1;
      this.#space();
      this.#value(inner);
    });
  }

  #items(path: NameSeen["path"]): void {
    this.#list("]", (index) => this.#value([...path, index]));
  }

  #list(end: string, item: (index: number) => void): void {
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (let index = 0; ; index += 1) {
      item(index);
      const next = this.#text[this.#at];
      if (next !== "," && next !== end) throw this.#unexpected(`, or ${end}`);
      this.#at += 1;
      if (next === end) return;
      this.#space();
      if (this.#text[this.#at] === end) {
        throw new Fault(this.#at, `${end} follows a comma: remove the comma`);
      }
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
      if (!this.#take(ESCAPE)) throw new Fault(this.#at, "this escape is invalid: use \\\\ for a backslash");
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

  #unexpected(wanted: string): Fault {
    const isComment = this.#text[this.#at] === "#" || /^\/[/*]/.test(this.#text.slice(this.#at, this.#at + 2));
    const seen = isComment ? "found a comment, which JSON does not allow" : this.#seen();
    return new Fault(this.#at, `expected ${wanted}, but ${seen}`);
  }

  #seen(): string {
    const point = this.#text.codePointAt(this.#at);
    return point === undefined ? "the text ends" : `found ${String.fromCodePoint(point)}`;
  }
}

/** The first fault of a JSON text; undefined when JSON.parse accepts it. */
export function findJsonFault(text: string): JsonFault | undefined {
  const read = readNames(text);
  return "fault" in read ? read.fault : undefined;
}

/** Every member name of a JSON text, in the order of the text; or its first fault. */
export function readNames(text: string): { readonly names: readonly NameSeen[] } | { readonly fault: JsonFault } {
  const names: NameSeen[] = [];
  try {
    new Walker(text, names).walk();
    return { names };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { fault: faultAt(text, error.offset, error.message) };
  }
}

/** A fault at an offset, with its line and column. */
export function faultAt(text: string, offset: number, message: string): JsonFault {
  const before = text.slice(0, offset).split("\n");
  return { offset, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message };
}
