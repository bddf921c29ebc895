import { type DeviceIdentity, idKey, type Twin } from "@rollcall/protocol";
import type { EnrolledCertificate } from "./attestation-record.js";
import type {
  Assignment,
  EnrollmentRecord,
  GroupRecord,
  IndividualRecord,
  RegistrationRecord,
  Store,
} from "./ports.js";

/** A look-up from a text to several records, kept in step with them. */
class MultiIndex<T> {
  readonly #entries = new Map<string, Set<T>>();

  add(key: string, value: T): void {
    const entry = this.#entries.get(key);
    if (entry) entry.add(value);
    else this.#entries.set(key, new Set([value]));
  }

  remove(key: string, value: T): void {
    const entry = this.#entries.get(key);
    entry?.delete(value);
    if (entry?.size === 0) this.#entries.delete(key);
  }

  get(key: string): readonly T[] {
    return [...(this.#entries.get(key) ?? [])];
  }
}

const deviceKey = (hub: string, deviceId: string) => `${hub.toLowerCase()}\n${deviceId}`;

function certificatesOf(record: EnrollmentRecord): readonly EnrolledCertificate[] {
  const { attestation } = record;
  if (attestation.type !== "x509" || attestation.holds === "caReferences") return [];
  return [attestation.primary, ...(attestation.secondary ? [attestation.secondary] : [])];
}

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** A store that forgets when the process ends: what `--in-memory` runs on. Every look-up is a look-up in a map. */
export class MemoryStore implements Store {
  readonly #individuals = new Map<string, IndividualRecord>();
  readonly #groups = new Map<string, GroupRecord>();
  readonly #leaves = new MultiIndex<IndividualRecord>();
  readonly #endorsementKeys = new MultiIndex<IndividualRecord>();
  readonly #groupCertificates = new MultiIndex<GroupRecord>();
  readonly #groupSubjects = new MultiIndex<GroupRecord>();
  readonly #symmetricGroups = new Set<GroupRecord>();
  readonly #x509Groups = new Set<GroupRecord>();
  readonly #registrations = new Map<string, RegistrationRecord>();
  readonly #identities = new Map<string, DeviceIdentity>();
  readonly #twins = new Map<string, Twin>();

  async individualEnrollment(registrationId: string): Promise<IndividualRecord | undefined> {
    return this.#individuals.get(idKey(registrationId));
  }

  async enrollmentGroup(enrollmentGroupId: string): Promise<GroupRecord | undefined> {
    return this.#groups.get(idKey(enrollmentGroupId));
  }

  async groupsByCertificate(thumbprints: readonly string[]): Promise<readonly GroupRecord[]> {
    return unique(thumbprints.flatMap((thumbprint) => this.#groupCertificates.get(thumbprint)));
  }

  async groupsBySubject(subject: string): Promise<readonly GroupRecord[]> {
    return this.#groupSubjects.get(subject);
  }

  async symmetricKeyGroups(): Promise<readonly GroupRecord[]> {
    return [...this.#symmetricGroups];
  }

  async x509Groups(): Promise<readonly GroupRecord[]> {
    return [...this.#x509Groups];
  }

  async enrollmentsByLeaf(thumbprint: string): Promise<readonly IndividualRecord[]> {
    return this.#leaves.get(thumbprint);
  }

  async enrollmentByEndorsementKey(hash: string): Promise<IndividualRecord | undefined> {
    return this.#endorsementKeys.get(hash)[0];
  }

  async enrolledAmong(registrationIds: readonly string[]): Promise<readonly string[]> {
    return registrationIds.flatMap((id) => this.#individuals.get(idKey(id))?.registrationId ?? []);
  }

  async putIndividual(record: IndividualRecord, expectedEtag?: string): Promise<boolean> {
    const key = idKey(record.registrationId);
    const old = this.#individuals.get(key);
    if (expectedEtag !== undefined && old?.etag !== expectedEtag) return false;
    if (old) this.#indexIndividual(old, "remove");
    this.#individuals.set(key, record);
    this.#indexIndividual(record, "add");
    return true;
  }

  async putGroup(record: GroupRecord, expectedEtag?: string): Promise<boolean> {
    const key = idKey(record.enrollmentGroupId);
    const old = this.#groups.get(key);
    if (expectedEtag !== undefined && old?.etag !== expectedEtag) return false;
    if (old) this.#indexGroup(old, "remove");
    this.#groups.set(key, record);
    this.#indexGroup(record, "add");
    return true;
  }

  #indexIndividual(record: IndividualRecord, change: "add" | "remove"): void {
    for (const certificate of certificatesOf(record)) this.#leaves[change](certificate.thumbprint, record);
    if (record.attestation.type === "tpm") this.#endorsementKeys[change](record.attestation.endorsementKeyHash, record);
  }

  #indexGroup(record: GroupRecord, change: "add" | "remove"): void {
    for (const certificate of certificatesOf(record)) {
      this.#groupCertificates[change](certificate.thumbprint, record);
      if (certificate.subject !== undefined) this.#groupSubjects[change](certificate.subject, record);
    }
    const groups = record.attestation.type === "symmetricKey" ? this.#symmetricGroups : this.#x509Groups;
    groups[change === "add" ? "add" : "delete"](record);
  }

  async registration(registrationId: string): Promise<RegistrationRecord | undefined> {
    return this.#registrations.get(idKey(registrationId));
  }

  async saveAssignment(assignment: Assignment): Promise<boolean> {
    const { registration, identity, twin, removed } = assignment;
    const key = idKey(registration.registrationId);
    if (this.#registrations.get(key)?.etag !== assignment.expectedEtag) return false;
    const owner = identity && this.#identities.get(deviceKey(identity.hub, identity.deviceId))?.registrationId;
    if (owner !== undefined && idKey(owner) !== key && idKey(owner) !== idKey(assignment.replaces ?? "")) return false;
    this.#registrations.set(key, registration);
    if (removed && this.#isOwn(removed, key)) {
      this.#identities.delete(deviceKey(removed.hub, removed.deviceId));
      this.#twins.delete(deviceKey(removed.hub, removed.deviceId));
    }
    if (identity) this.#identities.set(deviceKey(identity.hub, identity.deviceId), identity);
    if (twin) this.#twins.set(deviceKey(twin.hub, twin.deviceId), twin);
    return true;
  }

  #isOwn(device: { readonly hub: string; readonly deviceId: string }, key: string): boolean {
    const owner = this.#identities.get(deviceKey(device.hub, device.deviceId))?.registrationId;
    return owner !== undefined && idKey(owner) === key;
  }

  async deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined> {
    return this.#identities.get(deviceKey(hub, deviceId));
  }

  async twin(hub: string, deviceId: string): Promise<Twin | undefined> {
    return this.#twins.get(deviceKey(hub, deviceId));
  }

  async updateTwin(twin: Twin, expectedEtag: string): Promise<boolean> {
    const key = deviceKey(twin.hub, twin.deviceId);
    if (this.#twins.get(key)?.etag !== expectedEtag) return false;
    this.#twins.set(key, twin);
    return true;
  }
}
