import type {
  Assignment,
  CaCertificateRecord,
  DeviceFilter,
  EnrollmentFilter,
  Expected,
  GroupRecord,
  IndividualRecord,
  ModuleStore,
  PageRequest,
  RegistrationRecord,
  Removal,
  Store,
  StoreCounts,
  StoreRecords,
} from "@rollcall/engine";
import { subjectKey } from "@rollcall/engine";
import type { DeviceAndSession, DeviceChange, DeviceIdentity, SessionChange, Twin } from "@rollcall/protocol";
import * as certificates from "./ca-certificates.js";
import { countDevices, counts } from "./counts.js";
import * as devices from "./devices.js";
import * as enrollments from "./enrollments.js";
import { Growth } from "./growth.js";
import * as modules from "./modules.js";
import * as registrations from "./registrations.js";
import { restore } from "./restore.js";
import { StoreError } from "./store-error.js";
import type { Work } from "./work.js";

/** A store whose data outlives the process. It has to be closed. */
export interface DurableStore extends Store {
  /** Waits for pending writes, then closes the store. */
  close(): Promise<void>;
}

/** Runs work on a database. */
export interface WorkRunner {
  /** Runs a read, which sees committed data only. */
  read<T>(start: () => Work<T>): Promise<T>;
  /**
   * Runs a write. A write that returns false is rolled back. Resolves when the write is durable or was rolled back. If
   * the reply to COMMIT is lost, `isDone` finds out whether a write that returned true took effect.
   */
  write<T>(start: () => Work<T>, isDone?: () => Work<boolean>): Promise<T>;
  /** The store's `watch`; absent when no other process can use the database. */
  readonly watch?: (watcher: (change: DeviceChange) => void) => void;
  /** Turns a driver's error into a StoreError when it is a known one. */
  explain(error: unknown): unknown;
  /** Closes the database after the pending writes. */
  close(): Promise<void>;
}

/** Implements the `Store` port in SQL, on either database. */
export class SqlStore implements DurableStore {
  readonly #runner: WorkRunner;
  readonly #growth = new Growth();
  readonly watch?: NonNullable<Store["watch"]>;
  readonly modules: ModuleStore = {
    list: (hub, deviceId) => this.#read(() => modules.listModules({ hub, deviceId })),
    get: (hub, deviceId, moduleId) => this.#read(() => modules.getModule({ hub, deviceId, moduleId })),
    put: (record, more) =>
      this.#write(
        () => modules.putModule(record, more),
        () => modules.hasModule(record),
      ),
    remove: (hub, deviceId, moduleId, expectedEtag) =>
      this.#write(() => modules.removeModule({ hub, deviceId, moduleId }, expectedEtag)),
  };
  #closing: Promise<void> | undefined;

  constructor(runner: WorkRunner) {
    this.#runner = runner;
    if (runner.watch) this.watch = runner.watch;
  }

  async #do<T>(action: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new StoreError("closed", "it was used after close");
    try {
      return await action();
    } catch (error) {
      throw this.#runner.explain(error);
    }
  }

  #read<T>(start: () => Work<T>): Promise<T> {
    return this.#do(() => this.#runner.read(start));
  }

  #write<T>(start: () => Work<T>, isDone?: () => Work<boolean>): Promise<T> {
    return this.#do(() => this.#runner.write(start, isDone));
  }

  individualEnrollment(registrationId: string): Promise<IndividualRecord | undefined> {
    return this.#read(() => enrollments.getEnrollment("individual", registrationId));
  }

  enrollmentGroup(enrollmentGroupId: string): Promise<GroupRecord | undefined> {
    return this.#read(() => enrollments.getEnrollment("group", enrollmentGroupId));
  }

  groupsByCertificate(thumbprints: readonly string[]): Promise<readonly GroupRecord[]> {
    return this.#read(() => enrollments.findEnrollments("group", "certificate", thumbprints));
  }

  groupsBySubject(subject: string): Promise<readonly GroupRecord[]> {
    return this.#read(() => enrollments.findEnrollments("group", "subject", [subjectKey(subject)]));
  }

  symmetricKeyGroups(): Promise<readonly GroupRecord[]> {
    return this.#read(() => enrollments.findEnrollments("group", "attestation", ["symmetricKey"]));
  }

  x509Groups(): Promise<readonly GroupRecord[]> {
    return this.#read(() => enrollments.findEnrollments("group", "attestation", ["x509"]));
  }

  enrollmentsByLeaf(thumbprint: string): Promise<readonly IndividualRecord[]> {
    return this.#read(() => enrollments.findEnrollments("individual", "certificate", [thumbprint]));
  }

  async enrollmentByEndorsementKey(hash: string): Promise<IndividualRecord | undefined> {
    return (await this.#read(() => enrollments.findEnrollments("individual", "endorsementKey", [hash])))[0];
  }

  enrolledAmong(registrationIds: readonly string[]): Promise<readonly string[]> {
    return this.#read(() => enrollments.enrolledAmong(registrationIds));
  }

  putIndividual(record: IndividualRecord, expected?: Expected): Promise<boolean> {
    return this.#write(
      () => enrollments.putEnrollment(record, expected),
      () => enrollments.hasEnrollment(record),
    );
  }

  putGroup(record: GroupRecord, expected?: Expected, atMost?: number): Promise<boolean> {
    return this.#write(
      () => enrollments.putGroup(record, expected, atMost),
      () => enrollments.hasEnrollment(record),
    );
  }

  removeIndividual(registrationId: string, expectedEtag?: string): Promise<Removal> {
    return this.#write(() => enrollments.removeEnrollment("individual", registrationId, expectedEtag));
  }

  removeGroup(enrollmentGroupId: string, expectedEtag?: string): Promise<Removal> {
    return this.#write(() => enrollments.removeEnrollment("group", enrollmentGroupId, expectedEtag));
  }

  individuals(filter: EnrollmentFilter): Promise<readonly IndividualRecord[]> {
    return this.#read(() => enrollments.listEnrollments("individual", filter));
  }

  groups(filter: EnrollmentFilter): Promise<readonly GroupRecord[]> {
    return this.#read(() => enrollments.listEnrollments("group", filter));
  }

  counts(): Promise<StoreCounts> {
    return this.#read(() => counts());
  }

  caCertificate(name: string): Promise<CaCertificateRecord | undefined> {
    return this.#read(() => certificates.getCaCertificate(name));
  }

  caCertificates(): Promise<readonly CaCertificateRecord[]> {
    return this.#read(() => certificates.listCaCertificates());
  }

  putCaCertificate(record: CaCertificateRecord, expected?: Expected, atMost?: number): Promise<boolean> {
    return this.#write(
      () => certificates.putCaCertificate(record, expected, atMost),
      () => certificates.hasCaCertificate(record),
    );
  }

  removeCaCertificate(name: string, expectedEtag?: string): Promise<Removal> {
    return this.#write(() => certificates.removeCaCertificate(name, expectedEtag));
  }

  registration(registrationId: string): Promise<RegistrationRecord | undefined> {
    return this.#read(() => registrations.getRegistration(registrationId));
  }

  registrations(
    page: PageRequest,
    enrollment?: RegistrationRecord["enrollment"],
  ): Promise<readonly RegistrationRecord[]> {
    return this.#read(() => registrations.listRegistrations(page, enrollment));
  }

  removeRegistration(registrationId: string, expectedEtag?: string): Promise<Removal> {
    return this.#write(() => registrations.removeRegistration(registrationId, expectedEtag));
  }

  saveAssignment(assignment: Assignment): Promise<boolean> {
    return this.#write(
      () => registrations.saveAssignment(assignment),
      () => registrations.hasRegistration(assignment.registration),
    );
  }

  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined> {
    return this.#read(() => devices.getIdentity({ hub, deviceId }));
  }

  deviceAndSession(hub: string, deviceId: string): Promise<DeviceAndSession | undefined> {
    return this.#read(() => devices.getIdentityAndSession({ hub, deviceId }));
  }

  replaceSession(hub: string, deviceId: string, change: SessionChange): Promise<boolean> {
    return this.#write(() => devices.putSession({ hub, deviceId }, change));
  }

  twin(hub: string, deviceId: string): Promise<Twin | undefined> {
    return this.#read(() => devices.getTwin({ hub, deviceId }));
  }

  updateTwin(twin: Twin, expectedEtag: string, changed?: "desired" | "reported"): Promise<boolean> {
    return this.#write(() => devices.updateTwin(twin, expectedEtag, changed));
  }

  devices(hub: string, filter: DeviceFilter): Promise<readonly DeviceIdentity[]> {
    return this.#read(() => devices.listDevices(hub, filter));
  }

  deviceCount(hub: string): Promise<number> {
    return this.#read(() => countDevices(hub));
  }

  removeDevice(hub: string, deviceId: string): Promise<boolean> {
    return this.#write(() => devices.removeDevice({ hub, deviceId }));
  }

  hubsWithDevices(): Promise<readonly string[]> {
    return this.#read(() => devices.hubsWithDevices());
  }

  async restore(records: StoreRecords): Promise<void> {
    const grownTables = this.#growth.add(records);
    await this.#write(() => restore(records, grownTables));
  }

  close(): Promise<void> {
    this.#closing ??= this.#runner.close();
    return this.#closing;
  }
}
