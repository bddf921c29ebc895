import type { Clock, Hubs, Random } from "../records/ports.js";
import type { StoreRecords } from "../records/records.js";
import type { Store } from "../records/store.js";

/**
 * Temporary storage for records until all of them are checked. They contain keys: nobody else may be able to read it.
 */
export interface Spool {
  write(text: string): Promise<void>;
  /** The text that was written, from the beginning. */
  read(): AsyncIterable<Uint8Array>;
}

/** The context of an import, and how it treats existing and incomplete records. */
export interface ImportOptions {
  readonly store: Store;
  readonly idScope: string;
  readonly hubs: Hubs;
  readonly clock: Clock;
  readonly random: Random;
  readonly spool: Spool;
  /** Replace existing records; otherwise they are a conflict, and nothing is imported. */
  readonly overwrite: boolean;
  /** Make new keys for symmetric-key enrollments that have no keys. */
  readonly generateKeys: boolean;
}

/** One checked record of an upload, and its line. */
export type Incoming = {
  readonly [Part in keyof StoreRecords]-?: {
    readonly part: Part;
    readonly record: NonNullable<StoreRecords[Part]>[number];
    readonly line: number;
  };
}[keyof StoreRecords];
