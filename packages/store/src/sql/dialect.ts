import {
  DummyDriver,
  type Expression,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  type SqlBool,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";
import type { Schema } from "./schema.js";

/** What the two kinds of database spell differently. */
export interface Spelling {
  /** Makes SQL text, and runs nothing. */
  readonly builder: Kysely<Schema>;
  /** The type of a key: compared byte by byte, so that order and paging are the same everywhere. */
  readonly key: RawBuilder<unknown>;
  /** Whether a text has a part anywhere in it; no character of the part is special. */
  readonly contains: (text: Expression<string>, part: string) => RawBuilder<SqlBool>;
  /** Whether a column holds one of a list that is one parameter, so that the statement is the same for any length. */
  readonly oneOf: (column: Expression<string>, list: readonly string[]) => RawBuilder<SqlBool>;
  /** How a list goes as a parameter. */
  readonly listParameter: (list: readonly unknown[]) => unknown;
  /** Rows of one statement with one parameter a column; where it is 1, a prepared statement runs once a row. */
  readonly rowsPerStatement: number;
  /** Whether other processes write meanwhile: a row that is read must be held to stay. */
  readonly isShared: boolean;
  /** Whether an index is chosen by what was counted of a table, so that much that is new has to be counted. */
  readonly plansByCounts: boolean;
  /** Whether there is a table of tallies. */
  readonly keepsTallies: boolean;
}

export const sqliteSpelling: Spelling = {
  builder: new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  key: sql`text`,
  contains: (text, part) => sql<SqlBool>`instr(${text}, ${part}) > 0`,
  oneOf: (column, list) => sql<SqlBool>`${column} in (select value from json_each(${list}))`,
  listParameter: (list) => JSON.stringify(list),
  rowsPerStatement: 1,
  isShared: false,
  plansByCounts: false,
  keepsTallies: true,
};

export const postgresSpelling: Spelling = {
  builder: new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new PostgresIntrospector(database),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
  key: sql`text collate "C"`,
  contains: (text, part) => sql<SqlBool>`strpos(${text}, ${part}) > 0`,
  oneOf: (column, list) => sql<SqlBool>`${column} = any(${list}::text[])`,
  listParameter: (list) => list,
  rowsPerStatement: 1000,
  isShared: true,
  plansByCounts: true,
  keepsTallies: false,
};
