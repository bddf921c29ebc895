import { sql } from "kysely";
import { reading } from "./statement.js";

/**
 * SQLite reads tallies: counting a million rows would block the thread. PostgreSQL counts the rows, in its own process:
 * with tallies, all registrations of all nodes would wait for the lock of one row.
 */
export const allCounts = reading<Record<never, never>>().as(({ database, p, spelling }) =>
  spelling.keepsTallies
    ? database
        .selectFrom("tallies")
        .select(["what", "count"])
        .where("id_scope", "=", p.scope)
        .where("what", "in", ["individual", "group", "registrations", "ca_certificates"])
        .where("part", "=", "")
    : database
        .selectFrom("enrollments")
        .select((row) => [sql<string>`kind`.as("what"), row.fn.countAll<number>().as("count")])
        .where("id_scope", "=", p.scope)
        .groupBy("kind")
        .unionAll(
          database
            .selectFrom("registrations")
            .select((row) => [sql<string>`'registrations'`.as("what"), row.fn.countAll<number>().as("count")])
            .where("id_scope", "=", p.scope),
        )
        .unionAll(
          database
            .selectFrom("ca_certificates")
            .select((row) => [sql<string>`'ca_certificates'`.as("what"), row.fn.countAll<number>().as("count")])
            .where("id_scope", "=", p.scope),
        ),
);

export const countOfDevices = reading<{ readonly hub_key: string }>().as(({ database, p, spelling }) =>
  spelling.keepsTallies
    ? database
        .selectFrom("tallies")
        .select("count")
        .where("id_scope", "=", p.scope)
        .where("what", "=", "device_identities")
        .where("part", "=", p.hub_key)
    : database
        .selectFrom("device_identities")
        .select((row) => row.fn.countAll<number>().as("count"))
        .where("id_scope", "=", p.scope)
        .where("hub_key", "=", p.hub_key),
);
