import { join } from "node:path";
import { MemoryStore, type Store } from "@rollcall/engine";
import type { ServiceInfo } from "@rollcall/protocol";
import type { ClusterFiles, StoreError } from "@rollcall/store";
import type { Config } from "./config/config-schema.js";

/** The kinds of store. "postgres" is configured by the URL of the server. */
export type StoreKind = ServiceInfo["store"]["kind"];

export interface OpenedStore {
  readonly store: Store;
  readonly kind: StoreKind;
  /** For people to read; contains no password. */
  readonly place: string;
  close(): Promise<void>;
}

/** The kind of store that the configuration names. Default: SQLite in the location, or memory under `--in-memory`. */
export function storeKind({ store, inMemory }: Pick<Config, "store" | "inMemory">): StoreKind {
  if (store === undefined) return inMemory ? "memory" : "sqlite";
  return store === "memory" || store === "sqlite" ? store : "postgres";
}

/** A URL without user and password. */
function withoutPassword(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

interface Node {
  /** The folder of its location. */
  readonly location: string;
  /** The files that must be the same on all nodes of a cluster. */
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
  // Imported on demand, so that a service with the memory store does not load the databases.
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

/**
 * True for the StoreErrors that `openStore` throws. Compares the name, so that this question does not load the
 * databases.
 */
export function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && error.name === "StoreError";
}
