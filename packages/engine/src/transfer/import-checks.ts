import { idKey, limits } from "@rollcall/protocol";
import type { CaCertificateRecord, EnrollmentRecord, GroupRecord, Store, StoreRecords } from "../ports.js";
import { importError } from "./import-error.js";
import type { Incoming } from "./import-types.js";

/** What a kind of record is called, and by what it is known. */
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

/** The kinds that people write by hand, where one may stand twice. */
const handMade: ReadonlySet<keyof StoreRecords> = new Set(["certificates", "groups", "individuals"]);

interface Reference {
  readonly line: number;
  readonly name: string;
  readonly thumbprint: string;
}

/**
 * What can only be said of all records together: that none stands twice, that there are not too many, and that what groups
 * refer to is there. Remembers the ids of enrollments, and of everything else a few words.
 */
export class ImportChecks {
  readonly #seen = new Set<string>();
  readonly #certificates = new Map<string, CaCertificateRecord & { readonly line: number }>();
  readonly #groups = new Map<string, "symmetricKey" | "x509">();
  readonly #references = new Map<string, Reference>();
  readonly #hubs = new Set<string>();

  /** Throws DpsError. */
  add(incoming: Incoming): void {
    const { part, record, line } = incoming;
    const { what, id, key } = nameOf(incoming);
    if (handMade.has(part)) {
      const entry = `${part}\n${key}`;
      if (this.#seen.has(entry)) throw importError(line, `${what} ${id} stands twice (case does not matter)`, { id });
      this.#seen.add(entry);
    }
    if (part === "certificates") this.#certificates.set(key, { ...record, line });
    if (part === "groups") this.#groups.set(key, attestationOf(record));
    if (part === "groups" || part === "individuals") this.#addEnrollment(record, line);
    if (part === "identities") this.#hubs.add(record.hub.toLowerCase());
  }

  #addEnrollment({ attestation, iotHubs }: EnrollmentRecord, line: number): void {
    for (const hub of iotHubs) this.#hubs.add(hub.toLowerCase());
    if (attestation.type !== "x509" || attestation.holds !== "caReferences") return;
    const { primaryName, primary, secondaryName, secondary } = attestation;
    const refer = (name: string, thumbprint: string) =>
      this.#references.set(`${idKey(name)}\n${thumbprint}`, { line, name, thumbprint });
    refer(primaryName, primary.thumbprint);
    if (secondaryName !== undefined && secondary) refer(secondaryName, secondary.thumbprint);
  }

  /** The hubs that records name, in lower case. */
  get hubs(): ReadonlySet<string> {
    return this.#hubs;
  }

  /** Throws DpsError when the store with all of this in it would hold what it must not. */
  async finish(store: Store): Promise<void> {
    const certificates = await this.#allCertificates(store);
    for (const { line, name, thumbprint } of this.#references.values()) {
      const found = certificates.get(idKey(name));
      if (found?.isVerified && found.thumbprint === thumbprint) continue;
      const state = found === undefined ? "is not there" : found.isVerified ? "is another one" : "is not verified";
      throw importError(line, `refers to the CA certificate ${name}, which ${state}`, {
        path: "attestation",
        id: name,
      });
    }
    const groups = new Map(this.#groups);
    for (const each of [...(await store.x509Groups()), ...(await store.symmetricKeyGroups())]) {
      const key = idKey(each.enrollmentGroupId);
      if (!groups.has(key)) groups.set(key, attestationOf(each));
    }
    const count = (type: string) => [...groups.values()].filter((each) => each === type).length;
    refuseMany(count("symmetricKey"), limits.symmetricKeyGroups, "symmetric-key groups");
    refuseMany(count("x509"), limits.x509Groups, "X.509 groups");
  }

  /** Those that will be there, by key. */
  async #allCertificates(store: Store): Promise<ReadonlyMap<string, CaCertificateRecord>> {
    const all = new Map<string, CaCertificateRecord>();
    for (const record of await store.caCertificates()) all.set(idKey(record.name), record);
    for (const [key, record] of this.#certificates) {
      const { line, name, thumbprint } = record;
      const before = all.get(key);
      if (before && before.thumbprint !== thumbprint) {
        // What groups hold of a certificate is what it was: its content may not change under its name.
        throw importError(line, `the CA certificate ${name} is there with another content; delete it first`, {
          kind: "alreadyExists",
          id: name,
        });
      }
      const twin = [...all.values()].find((each) => each.thumbprint === thumbprint && idKey(each.name) !== key);
      if (twin) {
        const message = `the CA certificate ${name} is there already, under the name ${twin.name}`;
        throw importError(line, message, { kind: "alreadyExists", id: twin.name });
      }
      all.set(key, record);
    }
    refuseMany(all.size, limits.caCertificates, "CA certificates");
    return all;
  }
}

const attestationOf = ({ attestation }: GroupRecord) => (attestation.type === "symmetricKey" ? "symmetricKey" : "x509");

function refuseMany(count: number, limit: number, what: string): void {
  if (count <= limit) return;
  throw importError(1, `there would be ${count} ${what}; ${limit} are allowed`, { kind: "quotaExceeded" });
}
