import type { PlaceKey } from "./device-statements.js";
import { reading, writing } from "./statement.js";
import type { Versioned } from "./versions.js";

export type ModuleKey = PlaceKey & { readonly module_id: string };
export type ModuleContent = { readonly etag: string; readonly record: string };

/** Reads the device's row and locks it: modules of one device are created one after another, so that they can be counted. */
export const lockedIdentity = reading<PlaceKey>().as(({ database, p, spelling }) =>
  database
    .selectFrom("device_identities")
    .select("device_id")
    .where("id_scope", "=", p.scope)
    .where("hub_key", "=", p.hub_key)
    .where("device_id", "=", p.device_id)
    .$if(spelling.isShared, (query) => query.forUpdate()),
);

export const module = reading<ModuleKey>().as(({ database, p }) =>
  database
    .selectFrom("module_identities")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("hub_key", "=", p.hub_key)
    .where("device_id", "=", p.device_id)
    .where("module_id", "=", p.module_id),
);

export const modulesOf = reading<PlaceKey>().as(({ database, p }) =>
  database
    .selectFrom("module_identities")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("hub_key", "=", p.hub_key)
    .where("device_id", "=", p.device_id)
    .orderBy("module_id"),
);

export const removeModulesOf = writing<PlaceKey>(({ database, p }) =>
  database
    .deleteFrom("module_identities")
    .where("id_scope", "=", p.scope)
    .where("hub_key", "=", p.hub_key)
    .where("device_id", "=", p.device_id),
);

export const moduleVersions: Versioned<ModuleKey, ModuleContent> = {
  table: "module_identities",
  etag: reading<ModuleKey>().as(({ database, p }) =>
    database
      .selectFrom("module_identities")
      .select("etag")
      .where("id_scope", "=", p.scope)
      .where("hub_key", "=", p.hub_key)
      .where("device_id", "=", p.device_id)
      .where("module_id", "=", p.module_id),
  ),
  replace: writing(({ database, p }) =>
    database
      .updateTable("module_identities")
      .set({ etag: p.etag, record: p.record })
      .where("id_scope", "=", p.scope)
      .where("hub_key", "=", p.hub_key)
      .where("device_id", "=", p.device_id)
      .where("module_id", "=", p.module_id)
      .where("etag", "=", p.expected),
  ),
  remove: writing(({ database, p }) =>
    database
      .deleteFrom("module_identities")
      .where("id_scope", "=", p.scope)
      .where("hub_key", "=", p.hub_key)
      .where("device_id", "=", p.device_id)
      .where("module_id", "=", p.module_id)
      .where("etag", "=", p.expected),
  ),
};
