import { openPostgresStore, type PostgresStoreOptions } from "./postgres/postgres-store.js";
import type { DurableStore } from "./sql/sql-store.js";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite/sqlite-store.js";

/**
 * Where the store keeps its data: in a directory of this machine, or in a PostgreSQL database that several nodes may
 * share.
 */
export type StoreOptions =
  | ({ readonly kind: "sqlite" } & SqliteStoreOptions)
  | ({ readonly kind: "postgres" } & PostgresStoreOptions);

/**
 * Opens a store, and creates it if it does not exist. Throws StoreError, whose message says what to do; nothing is
 * changed then.
 */
export function openStore(options: StoreOptions): Promise<DurableStore> {
  return options.kind === "sqlite" ? openSqliteStore(options) : openPostgresStore(options);
}
