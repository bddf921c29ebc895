import { type GroupKind, idKey, limits } from "@rollcall/protocol";
import { referencesOf } from "../attestation/attestations.js";
import type { AuthorityReference } from "../attestation/judging/attestation.js";
import { quotaProblem } from "../enrollments/group-quota.js";
import { groupKindOf } from "../records/group-kind.js";
import type { CaCertificateRecord, EnrollmentRecord, StoreRecords } from "../records/records.js";
import type { Store } from "../records/store.js";
import { importError } from "./import-error.js";
import type { Incoming } from "./import-types.js";

/** The words for a kind of record, and the id and key of this record. */
export function nameOf(incoming: Incoming): { readonly what: string; readonly id: string; readonly key: string } {
  const { part, record } = incoming;
  if (part === "certificates") return named("CA certificate", record.name);
  if (part === "groups") return named("enrollment group", record.enrollmentGroupId);
  if (part === "individuals") return named("individual enrollment", record.registrationId);
  if (part === "registrations") return named("registration", record.registrationId);
  const place = `${record.deviceId} of ${record.hub}`;
  const key = `${record.hub.toLowerCase()}/${record.deviceId}`;
  return { what: part === "twins" ? "twin" : "device", id: place, key };
}

const named = (what: string, id: string) => ({ what, id, key: idKey(id) });

/** The kinds that people write by hand, in which an id may appear twice. */
const handMade: ReadonlySet<keyof StoreRecords> = new Set(["certificates", "groups", "individuals"]);

interface Reference extends AuthorityReference {
  readonly line: number;
}

/** A device whose twin has not appeared yet, or a twin whose device has not. */
interface Lone {
  readonly part: "identities" | "twins";
  readonly line: number;
  readonly hub: string;
  readonly deviceId: string;
}

/**
 * The checks that concern all records together: no id appears twice, no limit is exceeded, the CA certificates to which
 * groups refer exist, and every device has its twin. Remembers the ids of enrollments, and a few words of each other
 * record.
 */
export class ImportChecks {
  readonly #seen = new Set<string>();
  readonly #certificates = new Map<string, CaCertificateRecord & { readonly line: number }>();
  readonly #groups = new Map<string, GroupKind>();
  readonly #references = new Map<string, Reference>();
  readonly #hubs = new Set<string>();
  /** By device. An export has a device and its twin within the same page, so that there are never many. */
  readonly #lone = new Map<string, Lone>();

  /** Checks the next record. Throws DpsError. */
  add(incoming: Incoming): void {
    const { part, record, line } = incoming;
    const { what, id, key } = nameOf(incoming);
    if (handMade.has(part)) {
      const entry = `${part}\n${key}`;
      if (this.#seen.has(entry)) throw importError(line, `${what} ${id} appears twice (case does not matter)`, { id });
      this.#seen.add(entry);
    }
    if (part === "certificates") this.#certificates.set(key, { ...record, line });
    if (part === "groups") this.#groups.set(key, groupKindOf(record));
    if (part === "groups" || part === "individuals") this.#addEnrollment(record, line);
    if (part === "identities") this.#hubs.add(record.hub.toLowerCase());
    if (part === "identities" || part === "twins") {
      this.#addHalf(key, { part, line, hub: record.hub, deviceId: record.deviceId });
    }
  }

  #addHalf(key: string, half: Lone): void {
    const other = this.#lone.get(key);
    if (other && other.part !== half.part) this.#lone.delete(key);
    else this.#lone.set(key, half);
  }

  #addEnrollment(record: EnrollmentRecord, line: number): void {
    for (const hub of record.iotHubs) this.#hubs.add(hub.toLowerCase());
    for (const { name, thumbprint } of referencesOf(record))
      this.#references.set(`${idKey(name)}\n${thumbprint}`, { line, name, thumbprint });
  }

  /** The hubs that the records name, in lower case. */
  get hubs(): ReadonlySet<string> {
    return this.#hubs;
  }

  /** Checks the store together with all records. Throws DpsError when a limit or a reference would be violated. */
  async finish(store: Store): Promise<void> {
    const certificates = await this.#allCertificates(store);
    for (const { line, name, thumbprint } of this.#references.values()) {
      const found = certificates.get(idKey(name));
      if (found?.isVerified && found.thumbprint === thumbprint) continue;
      const state =
        found === undefined ? "is not there" : found.isVerified ? "is a different certificate" : "is not verified";
      throw importError(line, `refers to the CA certificate ${name}, which ${state}`, {
        path: "attestation",
        id: name,
      });
    }
    for (const half of this.#lone.values()) await refuseLone(half, store);
    const problem = await quotaProblem(store, this.#groups);
    if (problem !== undefined) throw importError(1, problem, { kind: "quotaExceeded" });
  }

  /** The CA certificates that will exist after the import, by key. */
  async #allCertificates(store: Store): Promise<ReadonlyMap<string, CaCertificateRecord>> {
    const all = new Map<string, CaCertificateRecord>();
    for (const record of await store.caCertificates()) all.set(idKey(record.name), record);
    for (const [key, record] of this.#certificates) {
      const { line, name, thumbprint } = record;
      const before = all.get(key);
      if (before && before.thumbprint !== thumbprint) {
        // Groups keep the content of a certificate that they refer to: it may not change under the same name.
        throw importError(line, `the CA certificate ${name} already exists with different content; delete it first`, {
          kind: "alreadyExists",
          id: name,
        });
      }
      const twin = [...all.values()].find((each) => each.thumbprint === thumbprint && idKey(each.name) !== key);
      if (twin) {
        const message = `the CA certificate ${name} already exists, under the name ${twin.name}`;
        throw importError(line, message, { kind: "alreadyExists", id: twin.name });
      }
      all.set(key, record);
    }
    if (all.size > limits.caCertificates) {
      const message = `there would be ${all.size} CA certificates; the limit is ${limits.caCertificates}`;
      throw importError(1, message, { kind: "quotaExceeded" });
    }
    return all;
  }
}

/**
 * Throws DpsError unless the other half is in the store: a twin alone appears in no list, and a device alone cannot be
 * used.
 */
async function refuseLone({ part, line, hub, deviceId }: Lone, store: Store): Promise<void> {
  const other = part === "twins" ? await store.deviceIdentity(hub, deviceId) : await store.twin(hub, deviceId);
  if (other) return;
  const [here, missing] = part === "twins" ? ["twin", "device"] : ["device", "twin"];
  const message = `${deviceId} of ${hub}: the ${here} has no ${missing}, neither in the store nor in the import`;
  throw importError(line, message, { id: deviceId });
}
