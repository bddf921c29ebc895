import type { StoreRecords } from "@rollcall/engine";
import type { TableName } from "./schema.js";

type Part = keyof StoreRecords;

/** The tables that each kind of record goes to. CA certificates are left out: there are never many. */
const tablesOf: Readonly<Record<Exclude<Part, "certificates">, readonly TableName[]>> = {
  individuals: ["enrollments", "look_ups"],
  groups: ["enrollments", "look_ups"],
  registrations: ["registrations"],
  identities: ["device_identities"],
  twins: ["twins"],
};

/** Below this number of rows, a sequential scan is fast enough. */
const FEW = 1000;

/**
 * Counts the rows that this process has restored into each table. ANALYZE is due when they have doubled since the last
 * run: it is slow, and a few more rows change no plan.
 */
export class Growth {
  readonly #tables = new Map<TableName, { readonly rows: number; readonly analysed: number }>();

  /** Adds the records of one batch. Returns the tables that are to be analysed after it. */
  add(records: StoreRecords): readonly TableName[] {
    const due = new Set<TableName>();
    for (const [part, tables] of Object.entries(tablesOf)) {
      const size = records[part as Part]?.length ?? 0; // the keys are those of the table above
      for (const table of size > 0 ? tables : []) {
        const { rows, analysed } = this.#tables.get(table) ?? { rows: 0, analysed: 0 };
        const isDue = rows + size - analysed >= Math.max(FEW, analysed);
        this.#tables.set(table, { rows: rows + size, analysed: isDue ? rows + size : analysed });
        if (isDue) due.add(table);
      }
    }
    return [...due];
  }
}
