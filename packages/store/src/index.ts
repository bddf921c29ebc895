export type { ClusterFiles } from "./cluster-files.js";
export { openStore, type StoreOptions } from "./open-store.js";
export type { DurableStore } from "./sql-store.js";
export type { SqliteDriverName } from "./sqlite-drivers.js";
export { StoreError, type StoreErrorKind } from "./store-error.js";
