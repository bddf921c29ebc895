import { expressionBuilder, sql } from "kysely";
import type { Schema } from "./schema.js";
import { type Ingredients, reading, type Scoped, writing } from "./statement.js";
import type { Paged } from "./versions.js";

export type PlaceKey = { readonly hub_key: string; readonly device_id: string };
type OfHub = { readonly hub_key: string };

/** The row of a place. Identities and twins have the same key. */
const atPlace = (p: Scoped<PlaceKey>) =>
  expressionBuilder<Schema, "device_identities" | "twins">().and({
    id_scope: p.scope,
    hub_key: p.hub_key,
    device_id: p.device_id,
  });

export const identity = reading<PlaceKey>().as(({ database, p }) =>
  database.selectFrom("device_identities").select("record").where(atPlace(p)),
);

export const identityAndSession = reading<PlaceKey>().as(({ database, p }) =>
  database
    .selectFrom("device_identities")
    .select(["record", "session"])
    .where("id_scope", "=", p.scope)
    .where("hub_key", "=", p.hub_key)
    .where("device_id", "=", p.device_id),
);

export const replaceSession = writing<PlaceKey & { readonly session: string; readonly expected: string }>(
  ({ database, p }) =>
    database
      .updateTable("device_identities")
      .set({ session: p.session })
      .where("id_scope", "=", p.scope)
      .where("hub_key", "=", p.hub_key)
      .where("device_id", "=", p.device_id)
      .where("session", "=", p.expected),
);

export const twin = reading<PlaceKey>().as(({ database, p }) =>
  database.selectFrom("twins").select("record").where(atPlace(p)),
);

export const replaceTwin = writing<
  PlaceKey & { readonly etag: string; readonly record: string; readonly expected: string }
>(({ database, p }) =>
  database
    .updateTable("twins")
    .set({ etag: p.etag, record: p.record })
    .where(atPlace(p))
    .where("etag", "=", p.expected),
);

/** The session of a device that stays the registration's; another's is not taken over. */
const keptSession = sql<string>`case when device_identities.registration_key = excluded.registration_key then device_identities.session else '' end`;

/** Inserts the identity, or replaces the one at its place when that belongs to registration `owner` or `replaced`. */
export const claimIdentity = writing<
  PlaceKey & {
    readonly registration_key: string;
    readonly record: string;
    readonly owner: string;
    readonly replaced: string;
  }
>(({ database, p }) =>
  database
    .insertInto("device_identities")
    .values({
      id_scope: p.scope,
      hub_key: p.hub_key,
      device_id: p.device_id,
      registration_key: p.registration_key,
      record: p.record,
      session: "",
    })
    .onConflict((conflict) =>
      conflict
        .columns(["id_scope", "hub_key", "device_id"])
        .doUpdateSet((row) => ({
          registration_key: row.ref("excluded.registration_key"),
          record: row.ref("excluded.record"),
          session: keptSession,
        }))
        .where("device_identities.registration_key", "in", [p.owner, p.replaced]),
    ),
);

export const removeIdentity = writing<PlaceKey>(({ database, p }) =>
  database.deleteFrom("device_identities").where(atPlace(p)),
);

export const removeIdentityOf = writing<PlaceKey & { readonly owner: string }>(({ database, p }) =>
  database.deleteFrom("device_identities").where(atPlace(p)).where("registration_key", "=", p.owner),
);

export const removeTwin = writing<PlaceKey>(({ database, p }) => database.deleteFrom("twins").where(atPlace(p)));

/** The identities of a hub behind `after`, in the order of a page. */
const devicesBehind = ({ database, p }: Ingredients<OfHub & { readonly after: string }>) =>
  database
    .selectFrom("device_identities")
    .where("id_scope", "=", p.scope)
    .where("hub_key", "=", p.hub_key)
    .where("device_id", ">", p.after)
    .orderBy("device_id");

export const devicePages: Paged<OfHub> = {
  page: reading<OfHub & { readonly after: string; readonly limit: number }>().as((given) =>
    devicesBehind(given).select("record").limit(given.p.limit),
  ),
  sliceEnd: reading<OfHub & { readonly after: string; readonly skip: number }>().as((given) =>
    devicesBehind(given).select("device_id as key").limit(1).offset(given.p.skip),
  ),
  matches: reading<
    OfHub & { readonly after: string; readonly end: string; readonly part: string; readonly limit: number }
  >().as((given) =>
    devicesBehind(given)
      .select("record")
      .where("device_id", "<=", given.p.end)
      .where(given.spelling.contains(sql`lower(device_id)`, given.p.part))
      .limit(given.p.limit),
  ),
};

/** Skips from one hub's key to the next hub's: as many steps as there are hubs, however many devices they have. */
export const hubKeys = reading<Record<never, never>>().as(({ database, p }) =>
  database
    .withRecursive("hubs(hub_key)", (query) =>
      query
        .selectFrom("device_identities")
        .select((row) => row.fn.min<string | null>("hub_key").as("hub_key"))
        .where("id_scope", "=", p.scope)
        .unionAll(
          query
            .selectFrom("hubs")
            .select((hubs) =>
              hubs
                .selectFrom("device_identities")
                .select((row) => row.fn.min("device_identities.hub_key").as("next"))
                .where("device_identities.id_scope", "=", p.scope)
                .whereRef("device_identities.hub_key", ">", "hubs.hub_key")
                .as("hub_key"),
            )
            .where("hubs.hub_key", "is not", null),
        ),
    )
    .selectFrom("hubs")
    .select("hub_key")
    .where("hub_key", "is not", null),
);
