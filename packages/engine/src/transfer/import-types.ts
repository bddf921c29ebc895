import type { Clock, Hubs, Random } from "../records/ports.js";
import type { StoreRecords } from "../records/records.js";
import type { Store } from "../records/store.js";

/** Where records wait until all of them have been looked at. They hold keys: nobody else may read it. */
export interface Spool {
  write(text: string): Promise<void>;
  /** What was written, from the beginning. */
  read(): AsyncIterable<Uint8Array>;
}

/** What an import needs of the world, and how it treats what it finds. */
export interface ImportOptions {
  readonly store: Store;
  readonly idScope: string;
  readonly hubs: Hubs;
  readonly clock: Clock;
  readonly random: Random;
  readonly spool: Spool;
  /** Replace what is there; otherwise it is a conflict, and nothing is imported. */
  readonly overwrite: boolean;
  /** Make new keys for symmetric-key enrollments that come without theirs. */
  readonly generateKeys: boolean;
}

/** One record of an upload, checked, and the line it stood in. */
export type Incoming = {
  readonly [Part in keyof StoreRecords]-?: {
    readonly part: Part;
    readonly record: NonNullable<StoreRecords[Part]>[number];
    readonly line: number;
  };
}[keyof StoreRecords];
