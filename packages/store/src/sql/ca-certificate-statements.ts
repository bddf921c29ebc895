import { expressionBuilder } from "kysely";
import type { Schema } from "./schema.js";
import { reading, type Scoped, writing } from "./statement.js";
import type { Versioned } from "./versions.js";

export type CaCertificateKey = { readonly certificate_key: string };
export type CaCertificateContent = { readonly etag: string; readonly record: string };

/** The row of a CA certificate. */
const atKey = (p: Scoped<CaCertificateKey>) =>
  expressionBuilder<Schema, "ca_certificates">().and({ id_scope: p.scope, certificate_key: p.certificate_key });

export const caCertificate = reading<CaCertificateKey>().as(({ database, p }) =>
  database.selectFrom("ca_certificates").select("record").where(atKey(p)),
);

export const caCertificates = reading<Record<never, never>>().as(({ database, p }) =>
  database.selectFrom("ca_certificates").select("record").where("id_scope", "=", p.scope).orderBy("certificate_key"),
);

export const caCertificateVersions: Versioned<CaCertificateKey, CaCertificateContent> = {
  table: "ca_certificates",
  etag: reading<CaCertificateKey>().as(({ database, p }) =>
    database.selectFrom("ca_certificates").select("etag").where(atKey(p)),
  ),
  replace: writing(({ database, p }) =>
    database
      .updateTable("ca_certificates")
      .set({ etag: p.etag, record: p.record })
      .where(atKey(p))
      .where("etag", "=", p.expected),
  ),
  remove: writing(({ database, p }) =>
    database.deleteFrom("ca_certificates").where(atKey(p)).where("etag", "=", p.expected),
  ),
};
