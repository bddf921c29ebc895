import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { ConfigError } from "./config-error.js";

/** A YAML (or JSON) file with the positions of its members. */
export class YamlFile {
  readonly path: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  /** Reads and parses; throws ConfigError with the place of the first syntax error. */
  constructor(path: string, text: string = readText(path)) {
    this.path = path;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true });
    const [problem] = this.#document.errors;
    if (problem) throw this.error([], problem.message, problem.pos[0]);
  }

  /** The content as plain values; `undefined` for an empty file. */
  get value(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: 50 }) ?? undefined;
    } catch (error) {
      throw this.error([], error instanceof Error ? error.message : String(error));
    }
  }

  /** True when the file has a value at this path. */
  has(path: readonly PropertyKey[]): boolean {
    return this.#document.hasIn(path);
  }

  /** An error about the member at `path`, or about the nearest existing member above it. */
  error(path: readonly PropertyKey[], message: string, offset: number = this.#offset(path)): ConfigError {
    const { line, col } = this.#lines.linePos(offset);
    const shown = relative(process.cwd(), this.path);
    return new ConfigError(`${shown.startsWith("..") ? this.path : shown}:${line}:${col}: ${message}`, {
      file: this.path,
      line,
      column: col,
    });
  }

  /** The place of the key `name` in the map at `path`. */
  keyOffset(path: readonly PropertyKey[], name: string): number | undefined {
    const map = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    const items = isNode(map) && "items" in map ? (map.items as { key?: unknown }[]) : [];
    const key = items.map((pair) => pair.key).find((each) => isNode(each) && "value" in each && each.value === name);
    return isNode(key) ? key.range?.[0] : undefined;
  }

  #offset(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const why = { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "no permission to read it" }[
      String(code)
    ];
    throw new ConfigError(`${path}: ${why ?? String(code)}`, { file: path }, { cause });
  }
}
