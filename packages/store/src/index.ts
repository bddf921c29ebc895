export { openStore, type StoreOptions } from "./open-store.js";
export type { ClusterFiles } from "./sql/cluster-files.js";
export type { DurableStore } from "./sql/sql-store.js";
export { StoreError, type StoreErrorKind } from "./sql/store-error.js";
export type { SqliteDriverName } from "./sqlite/sqlite-drivers.js";
