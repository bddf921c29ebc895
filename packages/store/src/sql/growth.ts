import type { StoreRecords } from "@rollcall/engine";
import type { TableName } from "./schema.js";

type Part = keyof StoreRecords;

/** What is put where; of CA certificates there are never many. */
const tablesOf: Readonly<Record<Exclude<Part, "certificates">, readonly TableName[]>> = {
  individuals: ["enrollments", "look_ups"],
  groups: ["enrollments", "look_ups"],
  registrations: ["registrations"],
  identities: ["device_identities"],
  twins: ["twins"],
};

/** Fewer rows than this may be walked through. */
const FEW = 1000;

/**
 * How much a process has put into each table at once, in parts as large as an import's batches. A table is to be counted when that
 * has doubled: the more there is, the less a thousand more changes, and counting takes its time.
 */
export class Growth {
  readonly #tables = new Map<TableName, { readonly rows: number; readonly counted: number }>();

  /** Adds what is to be put; the tables that are to be counted then. */
  add(records: StoreRecords): readonly TableName[] {
    const due = new Set<TableName>();
    for (const [part, tables] of Object.entries(tablesOf)) {
      const size = records[part as Part]?.length ?? 0; // the keys are those of the table above
      for (const table of size > 0 ? tables : []) {
        const { rows, counted } = this.#tables.get(table) ?? { rows: 0, counted: 0 };
        const isDue = rows + size - counted >= Math.max(FEW, counted);
        this.#tables.set(table, { rows: rows + size, counted: isDue ? rows + size : counted });
        if (isDue) due.add(table);
      }
    }
    return [...due];
  }
}
