import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import { migrate } from "./migrate.js";
import type { Schema } from "./schema.js";
import { postgresSpelling } from "./spelling.js";
import { type DurableStore, SqlStore } from "./sql-store.js";
import { Statements } from "./statement.js";
import { StoreError } from "./store-error.js";
import type { Answer, Work } from "./work.js";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly idScope: string;
  /** Connections at most; 10 unless given. */
  readonly connections?: number;
  readonly connectTimeoutMilliseconds?: number;
}

/** Two transactions met, and this one was told to try again. */
const conflictCodes: readonly unknown[] = ["40001", "40P01"];
/** Two nodes made the first table at once. */
const createRaceCodes: readonly unknown[] = ["23505", "42P07", "42710", ...conflictCodes];
const unreachableCodes: readonly unknown[] = [
  ...[
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOENT",
  ],
  // Wrong password or user, no such database, too many connections, shutting down, starting up.
  ...["28000", "28P01", "3D000", "53300", "57P01", "57P02", "57P03"],
];
const attempts = 5;

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/** Without the password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return "the URL cannot be read";
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function explainAt(place: string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof Error) || error instanceof StoreError) return error;
    if (codeOf(error) === "53100") return new StoreError("diskFull", place, { cause: error });
    // pg has no code for the last two.
    const lost = unreachableCodes.includes(codeOf(error)) || /timeout|Connection terminated/i.test(error.message);
    return lost
      ? new StoreError("unreachable", `${place}: ${error.message || codeOf(error)}`, { cause: error })
      : error;
  };
}

async function loadPg() {
  try {
    return await import("pg");
  } catch (error) {
    throw new StoreError("driverMissing", "it is needed for PostgreSQL only", { cause: error });
  }
}

async function retrying<T>(codes: readonly unknown[], action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === attempts || !codes.includes(codeOf(error))) throw error;
    }
  }
}

/** Takes the transaction back: the write was found not to apply. */
class Refused extends Error {}

const none: Answer = { rows: [], changes: 0 };

async function runOn<T>(database: Kysely<Schema>, statements: Statements, work: Work<T>): Promise<T> {
  let step = work.next(none);
  while (!step.done) {
    let answer = none;
    for (const { text, parameters } of step.value(statements)) {
      const { rows, numAffectedRows } = await database.executeQuery(CompiledQuery.raw(text, [...parameters]));
      answer = { rows, changes: answer.changes + Number(numAffectedRows ?? 0) };
    }
    step = work.next(answer);
  }
  return step.value;
}

async function commitAlone<T>(database: Kysely<Schema>, statements: Statements, work: Work<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  try {
    await database.transaction().execute(async (transaction) => {
      result = { value: await runOn(transaction, statements, work) };
      if (result.value === false) throw new Refused();
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  if (!result) throw new TypeError("a transaction ended without a result");
  return result.value;
}

/**
 * The store of several nodes. Every write is a transaction by itself: the server groups the commits of its connections, and
 * a transaction of several devices would hold their rows against the other nodes. Nothing is cached, since others write too.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<DurableStore> {
  const { url, idScope, connections = 10, connectTimeoutMilliseconds = 5000 } = options;
  const { default: pg } = await loadPg();
  const place = placeOf(url);
  const explain = explainAt(place);
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMilliseconds,
    application_name: "rollcall",
  });
  // A connection that is lost while nobody uses it: the pool opens another. Unheard, the event would end the process.
  pool.on("error", () => undefined);
  const database = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  try {
    await retrying(createRaceCodes, () => migrate(database, postgresSpelling, place));
  } catch (error) {
    await database.destroy();
    throw explain(error);
  }
  const statements = new Statements(postgresSpelling, idScope);
  return new SqlStore({
    read: (work) => runOn(database, statements, work),
    write: (start) => retrying(conflictCodes, () => commitAlone(database, statements, start())),
    explain,
    close: () => database.destroy(),
  });
}
