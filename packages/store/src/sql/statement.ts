import type { DeviceChange } from "@rollcall/protocol";
import { type Compilable, type Kysely, sql } from "kysely";
import { changeChannel, writeChange } from "./change-message.js";
import type { Spelling } from "./dialect.js";
import { primaryKeys, type Schema, type TableName } from "./schema.js";

/** Values of a statement's parameters, by name. */
export type Values = Readonly<Record<string, string | number | readonly string[]>>;

/** Stands for a parameter while the statement is built. */
class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The parameters of a statement. Every statement has the id scope. */
export type Scoped<P> = P & { readonly scope: string };

/** Arguments of `build`: Kysely, a `Place` for each parameter, and the spelling. */
export interface Ingredients<P> {
  readonly database: Kysely<Schema>;
  readonly p: Scoped<P>;
  readonly spelling: Spelling;
}

/** A statement that is compiled once for each kind of database, with parameters of type P and rows of type R. */
export interface Statement<P extends Values, R> {
  readonly returnsRows: boolean;
  readonly build: (ingredients: Ingredients<P>) => Compilable<R>;
}

export const reading = <P extends Values>() => ({
  as: <R>(build: Statement<P, R>["build"]): Statement<P, R> => ({ returnsRows: true, build }),
});
export const writing = <P extends Values>(build: Statement<P, unknown>["build"]): Statement<P, unknown> => ({
  returnsRows: false,
  build,
});

/** SQL text and the values of its parameters. */
export interface Bound {
  readonly text: string;
  readonly parameters: readonly unknown[];
  readonly returnsRows: boolean;
}

interface Compiled {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

/**
 * Replaces NUL by U+0001. PostgreSQL refuses NUL, and SQLite's WASM build ends the text there, so that it would look
 * for a different key. No key has either character, but a request may; U+0001 keeps the order.
 */
const bindable = (text: string) => (text.includes("\0") ? text.replaceAll("\0", "\u0001") : text);

type Row = Readonly<Record<string, string>>;

/** Compiles each statement once: Kysely takes longer to build the SQL than SQLite takes to run it. */
export class Statements {
  readonly #spelling: Spelling;
  readonly #idScope: string;
  readonly #node: string;
  readonly #compiled = new Map<unknown, Compiled>();
  readonly #inserts = new Map<string, string>();

  /** `node` is the id of this process in the messages that it sends. */
  constructor(spelling: Spelling, idScope: string, node = "") {
    this.#spelling = spelling;
    this.#idScope = idScope;
    this.#node = node;
  }

  bind<P extends Values>(statement: Statement<P, unknown>, values: P): Bound {
    const { text, parameters } = this.#compile(statement);
    return {
      text,
      parameters: parameters.map((each) => (each instanceof Place ? this.#valueOf(each.name, values) : each)),
      returnsRows: statement.returnsRows,
    };
  }

  /**
   * Inserts rows into one table. All rows have the same columns, and no two have the same key. `over` says which
   * existing rows they replace.
   */
  *insert(table: TableName, rows: readonly Row[], over: "any" | "nothing"): Generator<Bound> {
    const [first] = rows;
    if (!first) return;
    const columns = ["id_scope", ...Object.keys(first)];
    const text = this.#insertText(table, columns, over);
    const size = this.#spelling.rowsPerStatement;
    const value = (row: Row, column: string) => (column === "id_scope" ? this.#idScope : bindable(row[column] ?? ""));
    for (let at = 0; at < rows.length; at += size) {
      const some = rows.slice(at, at + size);
      const parameters = columns.map((column) => some.map((row) => value(row, column)));
      yield { text, parameters: size === 1 ? parameters.flat() : parameters, returnsRows: false };
    }
  }

  /** Sends a change to the other processes when the transaction commits. */
  *tell(change: DeviceChange): Generator<Bound> {
    if (!this.#spelling.isShared) return;
    const parameters = [changeChannel, writeChange({ node: this.#node, scope: this.#idScope, change })];
    yield { text: "select pg_notify($1, $2)", parameters, returnsRows: true };
  }

  /** Runs ANALYZE on the tables, where the database needs it. */
  *analyze(tables: readonly TableName[]): Generator<Bound> {
    if (!this.#spelling.needsAnalyze) return;
    const list = sql.join(tables.map((table) => sql.table(table)));
    yield { text: sql`analyze ${list}`.compile(this.#spelling.builder).sql, parameters: [], returnsRows: false };
  }

  #valueOf(name: string, values: Values): unknown {
    const value = name === "scope" ? this.#idScope : values[name];
    if (typeof value === "string") return bindable(value);
    return typeof value === "object" ? this.#spelling.listParameter(value.map(bindable)) : value;
  }

  #compile<P extends Values>(statement: Statement<P, unknown>): Compiled {
    const known = this.#compiled.get(statement);
    if (known) return known;
    const places = new Proxy({}, { get: (_, name) => new Place(String(name)) });
    // A cast: a place has the type of its parameter, so that Kysely checks the statement as if it had the value.
    const p = places as Ingredients<P>["p"];
    const made = statement.build({ database: this.#spelling.builder, p, spelling: this.#spelling }).compile();
    const compiled = { text: made.sql, parameters: made.parameters };
    this.#compiled.set(statement, compiled);
    return compiled;
  }

  #insertText(table: TableName, columns: readonly string[], over: "any" | "nothing"): string {
    const id = `${table} ${over}`;
    const known = this.#inserts.get(id);
    if (known !== undefined) return known;
    const keys: readonly string[] = ["id_scope", ...primaryKeys[table]];
    const list = (names: readonly string[]) => sql.join(names.map((name) => sql.ref(name)));
    const others = columns.filter((column) => !keys.includes(column));
    const updates = others.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`);
    const action = over === "any" && updates.length > 0 ? sql`do update set ${sql.join(updates)}` : sql`do nothing`;
    const places = columns.map((column) => new Place(column));
    const source =
      this.#spelling.rowsPerStatement === 1
        ? sql`values (${sql.join(places)})`
        : sql`select * from unnest(${sql.join(places.map((place) => sql`${place}::text[]`))})`;
    const query = sql`insert into ${sql.table(table)} (${list(columns)}) ${source} on conflict (${list(keys)}) ${action}`;
    const text = query.compile(this.#spelling.builder).sql;
    this.#inserts.set(id, text);
    return text;
  }
}
