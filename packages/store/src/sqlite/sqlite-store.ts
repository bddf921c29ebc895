import { chmodSync, closeSync, openSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { Kysely, type SqliteDatabase, SqliteDialect } from "kysely";
import { sqliteSpelling } from "../sql/dialect.js";
import { migrate } from "../sql/migrate.js";
import type { Schema } from "../sql/schema.js";
import { type DurableStore, SqlStore, type WorkRunner } from "../sql/sql-store.js";
import { Statements } from "../sql/statement.js";
import { StoreError, type StoreErrorKind } from "../sql/store-error.js";
import { ownDirectory, syncDirectory } from "./directory-owner.js";
import { GroupCommit } from "./group-commit.js";
import { connectSqlite, defaultDriver, type SqliteDriverName } from "./sqlite-drivers.js";
import { SqliteRunner } from "./sqlite-runner.js";

export interface SqliteStoreOptions {
  /** Created if absent, readable by its owner only. One process at a time. */
  readonly directory: string;
  readonly idScope: string;
  /** Default: Node's own SQLite where the runtime has it. */
  readonly driver?: SqliteDriverName;
  /** How long a write waits for others to share its commit; 10 unless given. */
  readonly commitWindowMilliseconds?: number;
}

/** Messages of SQLite, in both drivers' wording, and of the file system. */
const kindsByMessage: readonly (readonly [RegExp, StoreErrorKind])[] = [
  [/not a database|disk image is malformed/i, "corruptFile"],
  [/database or disk is full|^ENOSPC/i, "diskFull"],
  [/database is locked/i, "directoryInUse"],
  [/(unable to|could not) open|readonly database|^(EACCES|EPERM|EROFS|EISDIR)/i, "noAccess"],
];

function isFull(directory: string): boolean {
  const { bavail } = statfsSync(directory);
  return bavail < 16;
}

function explainIn(directory: string, file: string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof Error) || error instanceof StoreError) return error;
    const kind = kindsByMessage.find(([message]) => message.test(error.message))?.[1];
    if (kind) return new StoreError(kind, file, { cause: error });
    // The WASM build cannot tell a full disk from a broken one.
    if (/disk I\/O error/i.test(error.message) && isFull(directory)) {
      return new StoreError("diskFull", file, { cause: error });
    }
    return error;
  };
}

/**
 * Makes the file readable by its owner only: it contains keys. SQLite gives the log and the index beside it the same
 * mode. An empty file is a new database.
 */
function keepPrivate(file: string): void {
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
}

/** Opens the store in a directory of this machine. Throws StoreError. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<DurableStore> {
  const { directory, idScope, driver = defaultDriver(), commitWindowMilliseconds = 10 } = options;
  const file = join(directory, "rollcall.db");
  const explain = explainIn(directory, file);
  const giveBack = ownDirectory(directory);
  // The WASM build locks with a directory, which a killed process leaves behind. ownDirectory has just proven that no
  // other process runs.
  rmSync(`${file}.lock`, { recursive: true, force: true });
  let connection: SqliteDatabase | undefined;
  try {
    keepPrivate(file);
    connection = await connectSqlite(driver, file);
    await migrate(new Kysely<Schema>({ dialect: new SqliteDialect({ database: connection }) }), sqliteSpelling, file);
    // Database and log exist by now.
    syncDirectory(directory);
    return new SqlStore(
      runnerOf(connection, { idScope, windowMilliseconds: commitWindowMilliseconds, explain, giveBack }),
    );
  } catch (error) {
    connection?.close();
    giveBack();
    throw explain(error);
  }
}

interface RunnerOptions {
  readonly idScope: string;
  readonly windowMilliseconds: number;
  readonly explain: WorkRunner["explain"];
  readonly giveBack: () => void;
}

function runnerOf(connection: SqliteDatabase, options: RunnerOptions): WorkRunner {
  const runner = new SqliteRunner(connection, new Statements(sqliteSpelling, options.idScope));
  const group = new GroupCommit({ runner, windowMilliseconds: options.windowMilliseconds });
  return {
    read: (start) => runner.read(start()),
    write: (start) => group.commit(start),
    explain: options.explain,
    close: async () => {
      await group.flush();
      runner.close();
      options.giveBack();
    },
  };
}
