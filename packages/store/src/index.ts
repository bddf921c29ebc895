export { openPostgresStore, type PostgresStoreOptions } from "./postgres-store.js";
export type { DurableStore } from "./sql-store.js";
export type { SqliteDriverName } from "./sqlite-drivers.js";
export { openSqliteStore, type SqliteStoreOptions } from "./sqlite-store.js";
export { StoreError, type StoreErrorKind } from "./store-error.js";
