import { keyAndCertificateRows, tpmRow } from "./attestations.js";
import { enrollFleet, type Fleet } from "./fleet.js";

/**
 * The enrollments that every service SDK creates (an individual of each kind, a group of each kind), and the devices
 * that then register.
 */
export const individualIds = ["Leaf-1", "key:1", "tpm-1"];
export const groupIds = ["x509-root", "key-derived"];
export const devices = ["Leaf-1", "key:1", "chained-1", "derived-1", "derived-2"];

const rows = new Map([...keyAndCertificateRows, tpmRow].map((row) => [row.name, row]));
const squads = [
  ["x509-primary", ["Leaf-1"]],
  ["key-primary", ["key:1"]],
  ["tpm", ["tpm-1"]],
  ["x509-root", ["chained-1"]],
  ["key-derived", ["derived-1", "derived-2"]],
] as const;

/** Makes the credentials of these devices and the seed that enrolls them. */
export function enrollServiceSdkFleet(): Promise<Fleet> {
  return enrollFleet(
    squads.map(([name, registrationIds]) => {
      const row = rows.get(name);
      if (!row) throw new Error(`no attestation is called ${name}`);
      return { row, registrationIds };
    }),
  );
}

export type Body = Record<string, unknown>;

/** The life of one enrollment, as a client reports it. */
export interface Life {
  readonly created: Body;
  readonly read: Body;
  readonly updated: Body;
  readonly overtaken: Body;
  readonly createdAgain: Body;
  readonly unchanged: Body;
  readonly notDeleted: Body;
  readonly mechanism: Body;
}

/** A query's answer: the number of entries on each page, and all entries. */
export interface Pages {
  readonly sizes: readonly number[];
  readonly items: readonly Body[];
}
