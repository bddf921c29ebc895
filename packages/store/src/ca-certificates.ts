import type { CaCertificateRecord, Expected, Removal } from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import { reading, writing } from "./statement.js";
import { putVersion, removeVersion, type Versioned } from "./versions.js";
import { insert, recordOf, recordsOf, type Work } from "./work.js";

type Key = { readonly certificate_key: string };
type Content = { readonly etag: string; readonly record: string };

const one = reading<Key>().as(({ database, p }) =>
  database
    .selectFrom("ca_certificates")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("certificate_key", "=", p.certificate_key),
);

const all = reading<Record<never, never>>().as(({ database, p }) =>
  database.selectFrom("ca_certificates").select("record").where("id_scope", "=", p.scope).orderBy("certificate_key"),
);

const versions: Versioned<Key, Content> = {
  table: "ca_certificates",
  etag: reading<Key>().as(({ database, p }) =>
    database
      .selectFrom("ca_certificates")
      .select("etag")
      .where("id_scope", "=", p.scope)
      .where("certificate_key", "=", p.certificate_key),
  ),
  replace: writing(({ database, p }) =>
    database
      .updateTable("ca_certificates")
      .set({ etag: p.etag, record: p.record })
      .where("id_scope", "=", p.scope)
      .where("certificate_key", "=", p.certificate_key)
      .where("etag", "=", p.expected),
  ),
  remove: writing(({ database, p }) =>
    database
      .deleteFrom("ca_certificates")
      .where("id_scope", "=", p.scope)
      .where("certificate_key", "=", p.certificate_key)
      .where("etag", "=", p.expected),
  ),
};

const keyOf = (name: string): Key => ({ certificate_key: idKey(name) });
const contentOf = (record: CaCertificateRecord): Content => ({ etag: record.etag, record: JSON.stringify(record) });

export const getCaCertificate = (name: string): Work<CaCertificateRecord | undefined> => recordOf(one, keyOf(name));
export const listCaCertificates = (): Work<readonly CaCertificateRecord[]> => recordsOf(all, {});

export const putCaCertificate = (record: CaCertificateRecord, expected: Expected): Work<boolean> =>
  putVersion(versions, { key: keyOf(record.name), content: contentOf(record), expected });

export const removeCaCertificate = (name: string, expected: string | undefined): Work<Removal> =>
  removeVersion(versions, keyOf(name), expected);

/** Over what has their names. None has the name of another. */
export function* restoreCaCertificates(records: readonly CaCertificateRecord[]): Work<void> {
  yield* insert(
    "ca_certificates",
    records.map((record) => ({ ...keyOf(record.name), ...contentOf(record) })),
  );
}
