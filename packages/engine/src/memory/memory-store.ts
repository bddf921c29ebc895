import {
  type DeviceAndSession,
  type DeviceIdentity,
  type GroupKind,
  idKey,
  type SessionChange,
  type Twin,
} from "@rollcall/protocol";
import { lookUpsOf } from "../attestation/attestations.js";
import { groupKindOf } from "../records/group-kind.js";
import type {
  Assignment,
  CaCertificateRecord,
  GroupRecord,
  IndividualRecord,
  RegistrationRecord,
  StoreRecords,
} from "../records/records.js";
import type {
  DeviceFilter,
  EnrollmentFilter,
  Expected,
  ModuleStore,
  PageRequest,
  Removal,
  Store,
  StoreCounts,
} from "../records/store.js";
import { subjectKey } from "../records/subject-key.js";
import { MemoryDevices } from "./memory-devices.js";
import { indexes, pageOf, SortedMap } from "./memory-indexes.js";
import { MemoryModules } from "./memory-modules.js";
import { applies, removal } from "./memory-versions.js";
import { isWanted } from "./wanted.js";

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** A store that forgets everything when the process ends, for `--in-memory`. Every look-up is a look-up in a map. */
export class MemoryStore implements Store {
  readonly #individuals = new SortedMap<IndividualRecord>();
  readonly #groups = new SortedMap<GroupRecord>();
  readonly #individualsBy = indexes<IndividualRecord>();
  readonly #groupsBy = indexes<GroupRecord>();
  readonly #groupsOf: Readonly<Record<GroupKind, Set<GroupRecord>>> = { symmetricKey: new Set(), x509: new Set() };
  readonly #certificates = new SortedMap<CaCertificateRecord>();
  readonly #registrations = new SortedMap<RegistrationRecord>();
  /** Keys of the registrations of an enrollment. */
  readonly #registrationsOf = new Map<string, SortedMap<RegistrationRecord>>();
  readonly #devices = new MemoryDevices();
  readonly modules: ModuleStore = new MemoryModules(this.#devices);

  async individualEnrollment(registrationId: string): Promise<IndividualRecord | undefined> {
    return this.#individuals.get(idKey(registrationId));
  }

  async enrollmentGroup(enrollmentGroupId: string): Promise<GroupRecord | undefined> {
    return this.#groups.get(idKey(enrollmentGroupId));
  }

  async groupsByCertificate(thumbprints: readonly string[]): Promise<readonly GroupRecord[]> {
    return unique(thumbprints.flatMap((thumbprint) => this.#groupsBy.certificate.get(thumbprint)));
  }

  async groupsBySubject(subject: string): Promise<readonly GroupRecord[]> {
    return this.#groupsBy.subject.get(subjectKey(subject));
  }

  async symmetricKeyGroups(): Promise<readonly GroupRecord[]> {
    return [...this.#groupsOf.symmetricKey];
  }

  async x509Groups(): Promise<readonly GroupRecord[]> {
    return [...this.#groupsOf.x509];
  }

  async enrollmentsByLeaf(thumbprint: string): Promise<readonly IndividualRecord[]> {
    return this.#individualsBy.certificate.get(thumbprint);
  }

  async enrollmentByEndorsementKey(hash: string): Promise<IndividualRecord | undefined> {
    return this.#individualsBy.endorsementKey.get(hash)[0];
  }

  async enrolledAmong(registrationIds: readonly string[]): Promise<readonly string[]> {
    return registrationIds.flatMap((id) => this.#individuals.get(idKey(id))?.registrationId ?? []);
  }

  async putIndividual(record: IndividualRecord, expected?: Expected): Promise<boolean> {
    const key = idKey(record.registrationId);
    const old = this.#individuals.get(key);
    if (!applies(old, expected)) return false;
    if (old) this.#indexIndividual(old, "remove");
    this.#individuals.set(key, record);
    this.#indexIndividual(record, "add");
    return true;
  }

  async putGroup(record: GroupRecord, expected?: Expected, atMost = Number.POSITIVE_INFINITY): Promise<boolean> {
    const key = idKey(record.enrollmentGroupId);
    const old = this.#groups.get(key);
    const alike = this.#groupsOf[groupKindOf(record)];
    if (!applies(old, expected) || alike.size + (old && alike.has(old) ? 0 : 1) > atMost) return false;
    if (old) this.#indexGroup(old, "remove");
    this.#groups.set(key, record);
    this.#indexGroup(record, "add");
    return true;
  }

  async removeIndividual(registrationId: string, expectedEtag?: string): Promise<Removal> {
    const key = idKey(registrationId);
    const old = this.#individuals.get(key);
    const answer = removal(old, expectedEtag);
    if (!old || answer !== "removed") return answer;
    this.#indexIndividual(old, "remove");
    this.#individuals.delete(key);
    const registration = this.#registrations.get(key);
    if (registration?.enrollment.kind === "individual") this.#forgetRegistration(key);
    return answer;
  }

  async removeGroup(enrollmentGroupId: string, expectedEtag?: string): Promise<Removal> {
    const key = idKey(enrollmentGroupId);
    const old = this.#groups.get(key);
    const answer = removal(old, expectedEtag);
    if (!old || answer !== "removed") return answer;
    this.#indexGroup(old, "remove");
    this.#groups.delete(key);
    return answer;
  }

  async individuals(filter: EnrollmentFilter): Promise<readonly IndividualRecord[]> {
    return pageOf(this.#individuals, filter, isWanted(filter));
  }

  async groups(filter: EnrollmentFilter): Promise<readonly GroupRecord[]> {
    return pageOf(this.#groups, filter, isWanted(filter));
  }

  async counts(): Promise<StoreCounts> {
    return {
      individualEnrollments: this.#individuals.size,
      enrollmentGroups: this.#groups.size,
      registrations: this.#registrations.size,
      certificates: this.#certificates.size,
    };
  }

  #indexIndividual(record: IndividualRecord, change: "add" | "remove"): void {
    for (const { by, value } of lookUpsOf(record)) this.#individualsBy[by][change](value, record);
  }

  #indexGroup(record: GroupRecord, change: "add" | "remove"): void {
    for (const { by, value } of lookUpsOf(record)) this.#groupsBy[by][change](value, record);
    this.#groupsOf[groupKindOf(record)][change === "add" ? "add" : "delete"](record);
  }

  async caCertificate(name: string): Promise<CaCertificateRecord | undefined> {
    return this.#certificates.get(idKey(name));
  }

  async caCertificates(): Promise<readonly CaCertificateRecord[]> {
    return pageOf(this.#certificates, { limit: Number.POSITIVE_INFINITY });
  }

  async putCaCertificate(
    record: CaCertificateRecord,
    expected?: Expected,
    atMost = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    const key = idKey(record.name);
    const old = this.#certificates.get(key);
    if (!applies(old, expected) || this.#certificates.size + (old ? 0 : 1) > atMost) return false;
    this.#certificates.set(key, record);
    return true;
  }

  async removeCaCertificate(name: string, expectedEtag?: string): Promise<Removal> {
    const key = idKey(name);
    const answer = removal(this.#certificates.get(key), expectedEtag);
    if (answer === "removed") this.#certificates.delete(key);
    return answer;
  }

  async registration(registrationId: string): Promise<RegistrationRecord | undefined> {
    return this.#registrations.get(idKey(registrationId));
  }

  async registrations(
    page: PageRequest,
    enrollment?: RegistrationRecord["enrollment"],
  ): Promise<readonly RegistrationRecord[]> {
    if (!enrollment) return pageOf(this.#registrations, page);
    const own = this.#registrationsOf.get(enrollmentKey(enrollment));
    return own ? pageOf(own, page) : [];
  }

  async removeRegistration(registrationId: string, expectedEtag?: string): Promise<Removal> {
    const key = idKey(registrationId);
    const answer = removal(this.#registrations.get(key), expectedEtag);
    if (answer === "removed") this.#forgetRegistration(key);
    return answer;
  }

  #putRegistration(registration: RegistrationRecord): void {
    const key = idKey(registration.registrationId);
    const old = this.#registrations.get(key);
    this.#registrations.set(key, registration);
    const at = enrollmentKey(registration.enrollment);
    if (old && enrollmentKey(old.enrollment) !== at) this.#dropFromEnrollment(old, key);
    const own = this.#registrationsOf.get(at) ?? new SortedMap<RegistrationRecord>();
    this.#registrationsOf.set(at, own);
    own.set(key, registration);
  }

  #forgetRegistration(key: string): void {
    const old = this.#registrations.get(key);
    this.#registrations.delete(key);
    if (old) this.#dropFromEnrollment(old, key);
  }

  #dropFromEnrollment({ enrollment }: RegistrationRecord, key: string): void {
    const own = this.#registrationsOf.get(enrollmentKey(enrollment));
    own?.delete(key);
    if (own?.size === 0) this.#registrationsOf.delete(enrollmentKey(enrollment));
  }

  async saveAssignment(assignment: Assignment): Promise<boolean> {
    const { registration, identity, twin, removed } = assignment;
    const key = idKey(registration.registrationId);
    if (this.#registrations.get(key)?.etag !== assignment.expectedEtag) return false;
    if (!this.#isStillEnrolled(assignment)) return false;
    const owner = identity && this.#devices.identity(identity)?.registrationId;
    if (owner !== undefined && idKey(owner) !== key && idKey(owner) !== idKey(assignment.replaces ?? "")) return false;
    this.#putRegistration(registration);
    if (removed && this.#devices.isOwned(removed, key)) this.#devices.remove(removed);
    if (identity && assignment.replaces !== undefined) this.#devices.removeModules(identity);
    if (identity) this.#devices.putIdentity(identity);
    if (twin) this.#devices.putTwin(twin);
    return true;
  }

  #isStillEnrolled({ registration: { enrollment }, enrollmentEtag }: Assignment): boolean {
    if (enrollmentEtag === undefined) return true;
    const now = (enrollment.kind === "individual" ? this.#individuals : this.#groups).get(idKey(enrollment.id));
    return now?.etag === enrollmentEtag && now.provisioningStatus === "enabled";
  }

  async deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined> {
    return this.#devices.identity({ hub, deviceId });
  }

  async deviceAndSession(hub: string, deviceId: string): Promise<DeviceAndSession | undefined> {
    return this.#devices.withSession({ hub, deviceId });
  }

  async replaceSession(hub: string, deviceId: string, change: SessionChange): Promise<boolean> {
    return this.#devices.replaceSession({ hub, deviceId }, change);
  }

  async twin(hub: string, deviceId: string): Promise<Twin | undefined> {
    return this.#devices.twin({ hub, deviceId });
  }

  async updateTwin(twin: Twin, expectedEtag: string): Promise<boolean> {
    if (this.#devices.twin(twin)?.etag !== expectedEtag) return false;
    this.#devices.putTwin(twin);
    return true;
  }

  async devices(hub: string, filter: DeviceFilter): Promise<readonly DeviceIdentity[]> {
    return this.#devices.page(hub, filter);
  }

  async deviceCount(hub: string): Promise<number> {
    return this.#devices.count(hub);
  }

  async removeDevice(hub: string, deviceId: string): Promise<boolean> {
    return this.#devices.remove({ hub, deviceId });
  }

  async hubsWithDevices(): Promise<readonly string[]> {
    return this.#devices.hubs();
  }

  /** Without an await, so that nothing else is written in between. */
  async restore(records: StoreRecords): Promise<void> {
    for (const record of records.registrations ?? []) this.#putRegistration(record);
    for (const identity of records.identities ?? []) this.#devices.restoreIdentity(identity);
    for (const twin of records.twins ?? []) this.#devices.putTwin(twin);
    await Promise.all([
      ...(records.certificates ?? []).map((record) => this.putCaCertificate(record)),
      ...(records.individuals ?? []).map((record) => this.putIndividual(record)),
      ...(records.groups ?? []).map((record) => this.putGroup(record)),
    ]);
  }
}

const enrollmentKey = ({ kind, id }: RegistrationRecord["enrollment"]) => `${kind}\n${idKey(id)}`;
