import type { SqliteDatabase, SqliteStatement } from "kysely";

export type SqliteDriverName = "node:sqlite" | "node-sqlite3-wasm";

/** Either driver's statement, called its own way. */
interface Prepared {
  readonly all: (parameters: readonly unknown[]) => unknown[];
  readonly run: (parameters: readonly unknown[]) => { changes: number | bigint; lastInsertRowid: number | bigint };
  readonly finalize: () => void;
}

interface Connection {
  readonly prepare: (sql: string) => Prepared;
  readonly close: () => void;
}

/** What is used of node:sqlite, which the types of the oldest Node that we promise do not know. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    file: string,
  ) => {
    prepare(sql: string): {
      all(...parameters: unknown[]): unknown[];
      run(...parameters: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
    };
    close(): void;
  };
}

function builtIn(): NodeSqlite | undefined {
  // A cast, because the module's types are newer than @types/node 20; Node 20 has no such module and says undefined.
  return process.getBuiltinModule?.("node:sqlite") as NodeSqlite | undefined;
}

/** The built-in one where the runtime has it: no second SQLite in the process, and faster. */
export function defaultDriver(): SqliteDriverName {
  return builtIn() ? "node:sqlite" : "node-sqlite3-wasm";
}

function connectBuiltIn(file: string): Connection {
  const sqlite = builtIn();
  if (!sqlite) throw new TypeError(`Node ${process.versions.node} has no node:sqlite`);
  const database = new sqlite.DatabaseSync(file);
  return {
    prepare: (text) => {
      const statement = database.prepare(text);
      return {
        all: (parameters) => statement.all(...parameters),
        run: (parameters) => statement.run(...parameters),
        finalize: () => undefined,
      };
    },
    close: () => database.close(),
  };
}

async function connectWasm(file: string): Promise<Connection> {
  const { default: sqlite } = await import("node-sqlite3-wasm");
  const database = new sqlite.Database(file);
  return {
    prepare: (text) => {
      const statement = database.prepare(text);
      // Only text is ever bound: `schema.ts` has nothing else but the one version number.
      const bind = (parameters: readonly unknown[]) => parameters as (string | number)[];
      return {
        all: (parameters) => statement.all(bind(parameters)),
        run: (parameters) => statement.run(bind(parameters)),
        finalize: () => finalizeQuietly(statement),
      };
    },
    close: () => database.close(),
  };
}

/** Finalizing a statement that failed says again what it failed with, after it is done. */
function finalizeQuietly(statement: { finalize(): void }): void {
  try {
    statement.finalize();
  } catch {
    // It was thrown when it happened.
  }
}

/** Prepared statements by their text: queries are few, but for those with lists of any length. */
const keptStatements = 200;

/** What Kysely asks of a SQLite, on either driver. */
class PreparingDatabase implements SqliteDatabase {
  readonly #connection: Connection;
  readonly #statements = new Map<string, Prepared & SqliteStatement>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  prepare(text: string): SqliteStatement {
    const known = this.#statements.get(text);
    if (known) return known;
    const prepared = this.#connection.prepare(text);
    const use = <T>(action: (parameters: readonly unknown[]) => T) => this.#whole(text, action);
    const all = use(prepared.all);
    const run = text === "rollback" ? rollingBack(use(prepared.run)) : use(prepared.run);
    const iterate = (parameters: readonly unknown[]) => all(parameters)[Symbol.iterator]();
    const reader = /^\s*(select|pragma)\b|\breturning\b/i.test(text);
    const statement = { finalize: prepared.finalize, reader, all, run, iterate };
    if (this.#statements.size >= keptStatements) this.#forget();
    this.#statements.set(text, statement);
    return statement;
  }

  /** A statement that failed is not used again: the WASM build cannot reset it. */
  #whole<T>(text: string, action: (parameters: readonly unknown[]) => T): (parameters: readonly unknown[]) => T {
    return (parameters) => {
      try {
        return action(parameters);
      } catch (error) {
        const failed = this.#statements.get(text);
        this.#statements.delete(text);
        failed?.finalize();
        throw error;
      }
    };
  }

  #forget(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
  }

  close(): void {
    this.#forget();
    this.#connection.close();
  }
}

/** On a full disk SQLite rolls back by itself; that must not hide what happened. */
function rollingBack(run: Prepared["run"]): Prepared["run"] {
  return (parameters) => {
    try {
      return run(parameters);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("no transaction is active")) throw error;
      return { changes: 0, lastInsertRowid: 0 };
    }
  };
}

const settings = [
  // First: then the log needs no shared memory, which the WASM build has not.
  "locking_mode = exclusive",
  "journal_mode = wal",
  // FULL: the log is on disk (fsync) before a commit is said to be, so that neither a kill nor a power cut loses it.
  "synchronous = full",
  // What one large import made of the log is given back.
  "journal_size_limit = 67108864",
  // The inner pages of a million keys' indexes stay in memory; in kibibytes.
  "cache_size = -32768",
];

/** Throws what the driver throws when the file is no database, cannot be opened or is in use. */
export async function connectSqlite(driver: SqliteDriverName, file: string): Promise<SqliteDatabase> {
  const connection = driver === "node:sqlite" ? connectBuiltIn(file) : await connectWasm(file);
  const database = new PreparingDatabase(connection);
  try {
    for (const setting of settings) database.prepare(`pragma ${setting}`).all([]);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
