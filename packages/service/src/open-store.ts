import { join } from "node:path";
import { MemoryStore, type Store } from "@rollcall/engine";
import type { ServiceInfo } from "@rollcall/protocol";
import type { ClusterFiles, StoreError } from "@rollcall/store";
import type { Config } from "./config/config-schema.js";

/** Where things are remembered: by name, or the URL of a PostgreSQL server. */
export type StoreKind = ServiceInfo["store"]["kind"];

export interface OpenedStore {
  readonly store: Store;
  readonly kind: StoreKind;
  /** For people: never with a password. */
  readonly place: string;
  close(): Promise<void>;
}

/** What `store` of the configuration means, with its default: SQLite in the location, or memory under `--in-memory`. */
export function storeKind({ store, inMemory }: Pick<Config, "store" | "inMemory">): StoreKind {
  if (store === undefined) return inMemory ? "memory" : "sqlite";
  return store === "memory" || store === "sqlite" ? store : "postgres";
}

/** A URL without what is secret in it. */
function withoutPassword(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

interface Node {
  /** The folder of its location. */
  readonly location: string;
  /** What it has to have in common with the other nodes of a cluster. */
  readonly files: ClusterFiles;
}

/** Opens the store of a configuration. Throws StoreError of `@rollcall/store`, which says what to do. */
export async function openStore(
  config: Pick<Config, "store" | "inMemory" | "idScope">,
  { location, files }: Node,
): Promise<OpenedStore> {
  const kind = storeKind(config);
  const { idScope } = config;
  if (kind === "memory") return { store: new MemoryStore(), kind, place: "memory", close: async () => {} };
  // Loaded only now: databases are not for those who need none.
  const { openStore: open } = await import("@rollcall/store");
  if (kind === "sqlite") {
    const directory = join(location, "store");
    const store = await open({ kind, directory, idScope });
    return { store, kind, place: directory, close: () => store.close() };
  }
  const url = config.store ?? "";
  const store = await open({ kind, url, idScope, files });
  return { store, kind, place: withoutPassword(url), close: () => store.close() };
}

/** True for what `openStore` throws. By name: whoever only asks this shall not load the databases. */
export function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && error.name === "StoreError";
}
