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

/** The differences between the two databases. */
export interface Spelling {
  /** Builds SQL text, and runs nothing. */
  readonly builder: Kysely<Schema>;
  /** Column type of a key. Keys are compared byte by byte, so that order and paging are the same everywhere. */
  readonly key: RawBuilder<unknown>;
  /** SQL: whether `text` contains `part`. No character of `part` is special. */
  readonly contains: (text: Expression<string>, part: string) => RawBuilder<SqlBool>;
  /**
   * SQL: whether the column's value is in `list`. The list is one parameter, so that the statement is the same for any
   * length.
   */
  readonly oneOf: (column: Expression<string>, list: readonly string[]) => RawBuilder<SqlBool>;
  /** The value of a parameter that is a list. */
  readonly listParameter: (list: readonly unknown[]) => unknown;
  /**
   * How many rows one INSERT takes, with one array parameter per column. When 1, a prepared INSERT runs once per row.
   */
  readonly rowsPerStatement: number;
  /** Whether other processes write too. A row that must not change after it was read is locked then. */
  readonly isShared: boolean;
  /** Whether the query planner depends on ANALYZE, so that tables have to be analysed after many inserts. */
  readonly needsAnalyze: boolean;
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
  needsAnalyze: false,
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
  needsAnalyze: true,
  keepsTallies: false,
};
