import { openPostgresStore, type PostgresStoreOptions } from "./postgres/postgres-store.js";
import type { DurableStore } from "./sql/sql-store.js";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite/sqlite-store.js";

/** Where things are to be kept: in a directory of this machine, or in a PostgreSQL that several nodes may share. */
export type StoreOptions =
  | ({ readonly kind: "sqlite" } & SqliteStoreOptions)
  | ({ readonly kind: "postgres" } & PostgresStoreOptions);

/** Opens a store, made when it is not there yet. Throws StoreError, which says what to do, and changes nothing then. */
export function openStore(options: StoreOptions): Promise<DurableStore> {
  return options.kind === "sqlite" ? openSqliteStore(options) : openPostgresStore(options);
}
