import type { Assignment, GroupRecord, IndividualRecord, RegistrationRecord, Store } from "@rollcall/engine";
import { type DeviceIdentity, idKey, type Twin } from "@rollcall/protocol";
import type { Kysely } from "kysely";
import type { Schema } from "./schema.js";
import { StoreError } from "./store-error.js";
import { hubKey, putGroup, putIndividual, saveAssignment, updateTwin, type Write } from "./writes.js";

/** A store that is kept somewhere, and can be let go. */
export interface DurableStore extends Store {
  /** Waits for what is being written. */
  close(): Promise<void>;
}

export interface SqlStoreParts {
  readonly database: Kysely<Schema>;
  readonly idScope: string;
  /** Resolves when the write is durable, or was found not to apply. */
  readonly commit: (write: Write) => Promise<boolean>;
  /** What a driver throws, in terms that somebody can act on. */
  readonly explain: (error: unknown) => unknown;
  readonly close: () => Promise<void>;
}

interface Row {
  readonly record: string;
}

// Only this store writes these columns, and only from values of these types.
const read = <T>(row: Row): T => JSON.parse(row.record) as T;
const readOptional = <T>(row: Row | undefined): T | undefined => row && read<T>(row);

/** The `Store` port in SQL, whatever the driver: reads here, writes in `writes.ts`. */
export class SqlStore implements DurableStore {
  readonly #parts: SqlStoreParts;
  #closing: Promise<void> | undefined;

  constructor(parts: SqlStoreParts) {
    this.#parts = parts;
  }

  /** Runs a query on an open store and explains what goes wrong with it. */
  async #run<T>(query: (database: Kysely<Schema>, idScope: string) => Promise<T>): Promise<T> {
    if (this.#closing) throw new StoreError("closed", "it was asked for something after close");
    try {
      return await query(this.#parts.database, this.#parts.idScope);
    } catch (error) {
      throw this.#parts.explain(error);
    }
  }

  individualEnrollment(registrationId: string): Promise<IndividualRecord | undefined> {
    return this.#run(async (database, idScope) => {
      const query = database.selectFrom("individual_enrollments").select("record").where("id_scope", "=", idScope);
      return readOptional(await query.where("registration_key", "=", idKey(registrationId)).executeTakeFirst());
    });
  }

  enrollmentGroup(enrollmentGroupId: string): Promise<GroupRecord | undefined> {
    return this.#run(async (database, idScope) => {
      const query = database.selectFrom("enrollment_groups").select("record").where("id_scope", "=", idScope);
      return readOptional(await query.where("group_key", "=", idKey(enrollmentGroupId)).executeTakeFirst());
    });
  }

  groupsByCertificate(thumbprints: readonly string[]): Promise<readonly GroupRecord[]> {
    return this.#run(async (database, idScope) => {
      if (thumbprints.length === 0) return [];
      const keys = database.selectFrom("group_certificates").select("group_key").where("id_scope", "=", idScope);
      const query = database.selectFrom("enrollment_groups").select("record").where("id_scope", "=", idScope);
      const found = query.where("group_key", "in", keys.where("thumbprint", "in", [...new Set(thumbprints)]));
      return (await found.orderBy("group_key").execute()).map((row) => read<GroupRecord>(row));
    });
  }

  groupsBySubject(subject: string): Promise<readonly GroupRecord[]> {
    return this.#run(async (database, idScope) => {
      const keys = database.selectFrom("group_subjects").select("group_key").where("id_scope", "=", idScope);
      const query = database.selectFrom("enrollment_groups").select("record").where("id_scope", "=", idScope);
      const found = query.where("group_key", "in", keys.where("subject", "=", subject)).orderBy("group_key");
      return (await found.execute()).map((row) => read<GroupRecord>(row));
    });
  }

  symmetricKeyGroups(): Promise<readonly GroupRecord[]> {
    return this.#groupsWith("symmetricKey");
  }

  x509Groups(): Promise<readonly GroupRecord[]> {
    return this.#groupsWith("x509");
  }

  #groupsWith(attestation: "symmetricKey" | "x509"): Promise<readonly GroupRecord[]> {
    return this.#run(async (database, idScope) => {
      const query = database.selectFrom("enrollment_groups").select("record").where("id_scope", "=", idScope);
      const rows = await query.where("attestation", "=", attestation).orderBy("group_key").execute();
      return rows.map((row) => read<GroupRecord>(row));
    });
  }

  enrollmentsByLeaf(thumbprint: string): Promise<readonly IndividualRecord[]> {
    return this.#run(async (database, idScope) => {
      const keys = database.selectFrom("leaf_certificates").select("registration_key").where("id_scope", "=", idScope);
      const query = database.selectFrom("individual_enrollments").select("record").where("id_scope", "=", idScope);
      const found = query.where("registration_key", "in", keys.where("thumbprint", "=", thumbprint));
      return (await found.orderBy("registration_key").execute()).map((row) => read<IndividualRecord>(row));
    });
  }

  enrollmentByEndorsementKey(hash: string): Promise<IndividualRecord | undefined> {
    return this.#run(async (database, idScope) => {
      const keys = database.selectFrom("endorsement_keys").select("registration_key").where("id_scope", "=", idScope);
      const query = database.selectFrom("individual_enrollments").select("record").where("id_scope", "=", idScope);
      const found = query.where("registration_key", "in", keys.where("hash", "=", hash)).orderBy("registration_key");
      return readOptional(await found.limit(1).executeTakeFirst());
    });
  }

  enrolledAmong(registrationIds: readonly string[]): Promise<readonly string[]> {
    return this.#run(async (database, idScope) => {
      if (registrationIds.length === 0) return [];
      const keys = registrationIds.map(idKey);
      const query = database.selectFrom("individual_enrollments").where("id_scope", "=", idScope);
      const rows = await query
        .select(["registration_key", "registration_id"])
        .where("registration_key", "in", [...new Set(keys)])
        .execute();
      const found = new Map(rows.map((row) => [row.registration_key, row.registration_id]));
      return keys.flatMap((key) => found.get(key) ?? []);
    });
  }

  putIndividual(record: IndividualRecord, expectedEtag?: string): Promise<boolean> {
    return this.#run(() => this.#parts.commit(putIndividual(record, expectedEtag)));
  }

  putGroup(record: GroupRecord, expectedEtag?: string): Promise<boolean> {
    return this.#run(() => this.#parts.commit(putGroup(record, expectedEtag)));
  }

  registration(registrationId: string): Promise<RegistrationRecord | undefined> {
    return this.#run(async (database, idScope) => {
      const query = database.selectFrom("registrations").select("record").where("id_scope", "=", idScope);
      return readOptional(await query.where("registration_key", "=", idKey(registrationId)).executeTakeFirst());
    });
  }

  saveAssignment(assignment: Assignment): Promise<boolean> {
    return this.#run(() => this.#parts.commit(saveAssignment(assignment)));
  }

  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined> {
    return this.#run(async (database, idScope) => {
      const query = database.selectFrom("device_identities").select("record").where("id_scope", "=", idScope);
      const place = query.where("hub_key", "=", hubKey(hub)).where("device_id", "=", deviceId);
      return readOptional(await place.executeTakeFirst());
    });
  }

  twin(hub: string, deviceId: string): Promise<Twin | undefined> {
    return this.#run(async (database, idScope) => {
      const query = database.selectFrom("twins").select("record").where("id_scope", "=", idScope);
      const place = query.where("hub_key", "=", hubKey(hub)).where("device_id", "=", deviceId);
      return readOptional(await place.executeTakeFirst());
    });
  }

  updateTwin(twin: Twin, expectedEtag: string): Promise<boolean> {
    return this.#run(() => this.#parts.commit(updateTwin(twin, expectedEtag)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#parts.close();
    return this.#closing;
  }
}
