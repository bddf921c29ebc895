import { randomUUID } from "node:crypto";
import { Kysely, PostgresDialect } from "kysely";
import type { Pool, PoolClient } from "pg";
import { type ClusterFiles, differingFiles } from "../sql/cluster-files.js";
import { postgresSpelling } from "../sql/dialect.js";
import { migrate } from "../sql/migrate.js";
import type { Schema } from "../sql/schema.js";
import { type DurableStore, SqlStore, type WorkRunner } from "../sql/sql-store.js";
import { Statements } from "../sql/statement.js";
import { StoreError } from "../sql/store-error.js";
import type { Answer, Work } from "../sql/work.js";
import { ChangeFeed } from "./change-feed.js";
import { explainAt, isConflict, isCreateRace, isCut, isUnanswered, placeOf } from "./postgres-errors.js";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly idScope: string;
  /** The files of a cluster's node. Opening fails when they differ from the cluster's. */
  readonly files?: ClusterFiles;
  /** Connections at most; 10 unless given. */
  readonly connections?: number;
  readonly connectTimeoutMilliseconds?: number;
  /** How long one statement may take; 30 s unless given. */
  readonly statementTimeoutMilliseconds?: number;
  /** How often the connection for other nodes' messages is checked; 10 s unless given. */
  readonly heartbeatMilliseconds?: number;
}

const attempts = 8;
/** Time beyond the server's own statement timeout, for a server that does not answer at all. */
const graceMilliseconds = 5000;

const connectionOf = ({ url, connectTimeoutMilliseconds = 5000 }: PostgresStoreOptions) => ({
  connectionString: url,
  connectionTimeoutMillis: connectTimeoutMilliseconds,
  keepAlive: true,
  application_name: "rollcall",
});

async function openPool(options: PostgresStoreOptions): Promise<Pool> {
  const { connections = 10, statementTimeoutMilliseconds = 30_000 } = options;
  const { default: pg } = await loadPg();
  const pool = new pg.Pool({
    ...connectionOf(options),
    max: connections,
    statement_timeout: statementTimeoutMilliseconds,
    // A node is never idle inside a transaction: a session that is idle there has lost its node.
    idle_in_transaction_session_timeout: statementTimeoutMilliseconds,
    query_timeout: statementTimeoutMilliseconds + graceMilliseconds,
  });
  // A lost connection, in use or idle: its user gets the error and the pool opens another connection. Without these
  // listeners the events would end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** The feed has its own connection. Its queries are trivial: a slow answer means that the connection is lost. */
function openFeed(options: PostgresStoreOptions, node: string): ChangeFeed {
  const { idScope, heartbeatMilliseconds = 10_000 } = options;
  const makeClient = async () => {
    const { default: pg } = await loadPg();
    return new pg.Client({ ...connectionOf(options), query_timeout: heartbeatMilliseconds / 2 });
  };
  return new ChangeFeed({ makeClient, idScope, node, heartbeatMilliseconds });
}

async function loadPg() {
  try {
    return await import("pg");
  } catch (error) {
    throw new StoreError("driverMissing", "it is needed for PostgreSQL only", { cause: error });
  }
}

/** Retries the action after a random pause that grows with each attempt, so that nodes do not collide again. */
async function retrying<T>(isWorthIt: (error: unknown) => boolean, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === attempts || !isWorthIt(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * attempt * 5));
  }
}

/** The transaction did not begin: no statement reached the server. */
class NotBegun extends Error {}

const noAnswer: Answer = { rows: [], changes: 0 };

interface PostgresParts {
  readonly pool: Pool;
  readonly feed: ChangeFeed;
  readonly statements: Statements;
  readonly explain: WorkRunner["explain"];
}

/** Runs work on PostgreSQL: each write is a transaction on its own connection. */
class PostgresRunner implements WorkRunner {
  readonly #pool: Pool;
  readonly #feed: ChangeFeed;
  readonly #statements: Statements;
  readonly explain: WorkRunner["explain"];

  constructor({ pool, feed, statements, explain }: PostgresParts) {
    this.#pool = pool;
    this.#feed = feed;
    this.#statements = statements;
    this.explain = explain;
  }

  readonly watch: NonNullable<WorkRunner["watch"]> = (watcher) => this.#feed.watch(watcher);

  /** Retries on a new connection when the server cut the old one: a read changes nothing. */
  read<T>(start: () => Work<T>): Promise<T> {
    return retrying(isCut, () => this.#run(this.#pool, start()));
  }

  /**
   * Retries when nothing can have been changed. If the reply to COMMIT is lost, `isDone` finds out whether the write
   * took effect.
   */
  async write<T>(start: () => Work<T>, isDone?: () => Work<boolean>): Promise<T> {
    const isWorthIt = (error: unknown) => isConflict(error) || (error instanceof NotBegun && isCut(error.cause));
    const { value, lost } = await retrying(isWorthIt, () => this.#commit(start())).catch((error: unknown) => {
      throw error instanceof NotBegun ? error.cause : error;
    });
    if (!lost || value === false) return value;
    if (value === true && isDone && (await this.read(isDone))) return value;
    throw lost.error;
  }

  async close(): Promise<void> {
    await Promise.all([this.#feed.close(), this.#pool.end()]);
  }

  async #run<T>(connection: Pool | PoolClient, work: Work<T>): Promise<T> {
    let step = work.next(noAnswer);
    while (!step.done) {
      let answer = noAnswer;
      for (const { text, parameters, returnsRows } of step.value(this.#statements)) {
        const { rows, rowCount } = await connection.query<object>(text, [...parameters]);
        answer = { rows, changes: answer.changes + (returnsRows ? 0 : (rowCount ?? 0)) };
      }
      step = work.next(answer);
    }
    return step.value;
  }

  async #commit<T>(work: Work<T>): Promise<{ readonly value: T; readonly lost?: Lost }> {
    const client = await this.#pool.connect().catch(notBegun);
    // A connection that may still be inside a transaction is discarded; the pool opens another.
    let isDiscarded = true;
    try {
      await client.query("begin").catch(notBegun);
      const value = await this.#run(client, work);
      const lost = await lostAnswer(client.query(value === false ? "rollback" : "commit"));
      isDiscarded = lost !== undefined;
      return { value, ...(lost && { lost }) };
    } catch (error) {
      isDiscarded = !(await rollBack(client, error));
      throw error;
    } finally {
      client.release(isDiscarded);
    }
  }
}

/** The error that leaves unknown whether the server executed COMMIT or ROLLBACK. */
interface Lost {
  readonly error: unknown;
}

async function lostAnswer(query: Promise<unknown>): Promise<Lost | undefined> {
  try {
    await query;
    return undefined;
  } catch (error) {
    if (isCut(error) || isUnanswered(error)) return { error };
    throw error;
  }
}

function notBegun(cause: unknown): never {
  throw new NotBegun("no transaction", { cause });
}

/** Rolls back. True when the connection is clean again. A server that did not answer is not asked. */
async function rollBack(client: PoolClient, error: unknown): Promise<boolean> {
  if (error instanceof NotBegun || isUnanswered(error)) return false;
  return client.query("rollback").then(
    () => true,
    () => false,
  );
}

/**
 * Opens a store that several nodes may share. Each write is its own transaction: the server groups the commits of its
 * connections, and a transaction over several devices would lock their rows against the other nodes. Nothing is cached,
 * since other nodes write too. Throws StoreError.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<DurableStore> {
  const place = placeOf(options.url);
  const explain = explainAt(place);
  const pool = await openPool(options);
  const database = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  try {
    await retrying(isCreateRace, () => migrate(database, postgresSpelling, place));
  } catch (error) {
    await database.destroy();
    throw explain(error);
  }
  const node = randomUUID();
  const statements = new Statements(postgresSpelling, options.idScope, node);
  const runner = new PostgresRunner({ pool, feed: openFeed(options, node), statements, explain });
  try {
    if (options.files) await compareFiles(runner, options.files, `${place}, ID scope ${options.idScope}`);
  } catch (error) {
    await runner.close();
    throw explain(error);
  }
  return new SqlStore(runner);
}

async function compareFiles(runner: WorkRunner, files: ClusterFiles, place: string): Promise<void> {
  const differing = await runner.write(() => differingFiles(files));
  if (differing.length > 0)
    throw new StoreError("otherFiles", `${place}: ${differing.join(" and ")} differ${differing.length > 1 ? "" : "s"}`);
}
