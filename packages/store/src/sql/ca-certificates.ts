import type { CaCertificateRecord, Expected, Removal } from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import {
  type CaCertificateContent,
  type CaCertificateKey,
  caCertificate,
  caCertificates,
  caCertificateVersions,
} from "./ca-certificate-statements.js";
import { putOneOf } from "./quotas.js";
import { hasVersion, putVersion, removeVersion } from "./versions.js";
import { insert, recordOf, recordsOf, rowsOf, type Work } from "./work.js";

const keyOf = (name: string): CaCertificateKey => ({ certificate_key: idKey(name) });
const contentOf = (record: CaCertificateRecord): CaCertificateContent => ({
  etag: record.etag,
  record: JSON.stringify(record),
});

export const getCaCertificate = (name: string): Work<CaCertificateRecord | undefined> =>
  recordOf(caCertificate, keyOf(name));
export const listCaCertificates = (): Work<readonly CaCertificateRecord[]> => recordsOf(caCertificates, {});

export const putCaCertificate = (
  record: CaCertificateRecord,
  expected: Expected,
  atMost: number | undefined,
): Work<boolean> => {
  const version = { key: keyOf(record.name), content: contentOf(record), expected };
  return putOneOf(atMost, { put: putVersion(caCertificateVersions, version), count: countAll() });
};

function* countAll(): Work<number> {
  return (yield* rowsOf(caCertificates, {})).length;
}

export const hasCaCertificate = (record: CaCertificateRecord): Work<boolean> =>
  hasVersion(caCertificateVersions, keyOf(record.name), record.etag);

export const removeCaCertificate = (name: string, expected: string | undefined): Work<Removal> =>
  removeVersion(caCertificateVersions, keyOf(name), expected);

/** Writes the records, and replaces those with the same names. No two records may have the same name. */
export function* restoreCaCertificates(records: readonly CaCertificateRecord[]): Work<void> {
  yield* insert(
    "ca_certificates",
    records.map((record) => ({ ...keyOf(record.name), ...contentOf(record) })),
  );
}
