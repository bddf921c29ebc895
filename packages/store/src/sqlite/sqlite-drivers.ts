import type { SqliteDatabase, SqliteStatement } from "kysely";

export type SqliteDriverName = "node:sqlite" | "node-sqlite3-wasm";

/** A prepared statement of either driver. */
interface Prepared {
  readonly all: (parameters: readonly unknown[]) => unknown[];
  readonly run: (parameters: readonly unknown[]) => { changes: number | bigint; lastInsertRowid: number | bigint };
  readonly finalize: () => void;
}

interface Connection {
  readonly prepare: (sql: string) => Prepared;
  readonly close: () => void;
}

/** The part of node:sqlite that is used here. The types of the oldest Node that we promise do not have it. */
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

/** node:sqlite where the runtime has it: it is faster, and needs no second SQLite in the process. */
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
      // A cast: only texts and numbers are ever bound (dialect.ts turns lists into text).
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

/** Finalizes a statement. If the statement had failed, finalizing throws that error again, after it is done. */
function finalizeQuietly(statement: { finalize(): void }): void {
  try {
    statement.finalize();
  } catch {
    // The error was already thrown when the statement ran.
  }
}

/** At most this many prepared statements are kept. */
const keptStatements = 200;

/** The SQLite database that Kysely expects, on either driver. It keeps prepared statements by their text. */
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
    const use = <T>(action: (parameters: readonly unknown[]) => T) => this.#forgetOnFailure(text, action);
    const all = use(prepared.all);
    const run = text === "rollback" ? rollingBack(use(prepared.run)) : use(prepared.run);
    const iterate = (parameters: readonly unknown[]) => all(parameters)[Symbol.iterator]();
    const reader = /^\s*(select|pragma)\b|\breturning\b/i.test(text);
    const statement = { finalize: prepared.finalize, reader, all, run, iterate };
    if (this.#statements.size >= keptStatements) this.#forget();
    this.#statements.set(text, statement);
    return statement;
  }

  /** Forgets a statement that failed: the WASM build cannot reset it. */
  #forgetOnFailure<T>(
    text: string,
    action: (parameters: readonly unknown[]) => T,
  ): (parameters: readonly unknown[]) => T {
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

/** On a full disk SQLite rolls back by itself. The failure of our own rollback must not hide the original error. */
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
  // Must come first: the log then needs no shared memory, which the WASM build lacks.
  "locking_mode = exclusive",
  "journal_mode = wal",
  // FULL: the log is on disk (fsync) before a commit is reported, so that neither a kill nor a power cut loses it.
  "synchronous = full",
  // Shrinks the log again after a large import.
  "journal_size_limit = 67108864",
  // The inner pages of a million keys' indexes stay in memory; in kibibytes.
  "cache_size = -32768",
];

/** Opens a SQLite file. Throws the driver's error when the file is not a database, cannot be opened or is in use. */
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
