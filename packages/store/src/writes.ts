import type { Assignment, GroupRecord, IndividualRecord, RegistrationRecord } from "@rollcall/engine";
import { type DeviceIdentity, idKey, type Twin } from "@rollcall/protocol";
import type { Transaction } from "kysely";
import { lookUpsOf } from "./look-ups.js";
import type { Schema } from "./schema.js";

/** A transaction, and the id scope that it writes in. */
export interface WriteContext {
  readonly transaction: Transaction<Schema>;
  readonly idScope: string;
}

/** One thing to write: all or nothing, false when something that it was conditional on is not so. */
export type Write = (context: WriteContext) => Promise<boolean>;

/** A hub's name has no case; a device id has (section 9.2). */
export const hubKey = (hub: string): string => hub.toLowerCase();

const changed = (result: { readonly numUpdatedRows: bigint }): boolean => result.numUpdatedRows > 0n;

export const putIndividual =
  (record: IndividualRecord, expectedEtag: string | undefined): Write =>
  async (context) => {
    const { transaction, idScope } = context;
    const id = { id_scope: idScope, registration_key: idKey(record.registrationId) };
    const content = { registration_id: record.registrationId, etag: record.etag, record: JSON.stringify(record) };
    if (expectedEtag === undefined) {
      await transaction
        .insertInto("individual_enrollments")
        .values({ ...id, ...content })
        .onConflict((conflict) => conflict.columns(["id_scope", "registration_key"]).doUpdateSet(content))
        .execute();
    } else {
      const result = await transaction
        .updateTable("individual_enrollments")
        .set(content)
        .where("id_scope", "=", idScope)
        .where("registration_key", "=", id.registration_key)
        .where("etag", "=", expectedEtag)
        .executeTakeFirst();
      if (!changed(result)) return false;
    }
    await indexIndividual(context, record, id);
    return true;
  };

async function indexIndividual(
  { transaction }: WriteContext,
  record: IndividualRecord,
  id: { readonly id_scope: string; readonly registration_key: string },
): Promise<void> {
  for (const table of ["leaf_certificates", "endorsement_keys"] as const) {
    await transaction
      .deleteFrom(table)
      .where("id_scope", "=", id.id_scope)
      .where("registration_key", "=", id.registration_key)
      .execute();
  }
  const { thumbprints, endorsementKeyHash } = lookUpsOf(record);
  const leaves = thumbprints.map((thumbprint) => ({ ...id, thumbprint }));
  if (leaves.length > 0) await transaction.insertInto("leaf_certificates").values(leaves).execute();
  if (endorsementKeyHash === undefined) return;
  await transaction
    .insertInto("endorsement_keys")
    .values({ ...id, hash: endorsementKeyHash })
    .execute();
}

export const putGroup =
  (record: GroupRecord, expectedEtag: string | undefined): Write =>
  async (context) => {
    const { transaction, idScope } = context;
    const id = { id_scope: idScope, group_key: idKey(record.enrollmentGroupId) };
    const attestation = record.attestation.type === "symmetricKey" ? ("symmetricKey" as const) : ("x509" as const);
    const content = { attestation, etag: record.etag, record: JSON.stringify(record) };
    if (expectedEtag === undefined) {
      await transaction
        .insertInto("enrollment_groups")
        .values({ ...id, ...content })
        .onConflict((conflict) => conflict.columns(["id_scope", "group_key"]).doUpdateSet(content))
        .execute();
    } else {
      const result = await transaction
        .updateTable("enrollment_groups")
        .set(content)
        .where("id_scope", "=", idScope)
        .where("group_key", "=", id.group_key)
        .where("etag", "=", expectedEtag)
        .executeTakeFirst();
      if (!changed(result)) return false;
    }
    await indexGroup(context, record, id);
    return true;
  };

async function indexGroup(
  { transaction }: WriteContext,
  record: GroupRecord,
  id: { readonly id_scope: string; readonly group_key: string },
): Promise<void> {
  for (const table of ["group_certificates", "group_subjects"] as const) {
    await transaction
      .deleteFrom(table)
      .where("id_scope", "=", id.id_scope)
      .where("group_key", "=", id.group_key)
      .execute();
  }
  const { thumbprints, subjects } = lookUpsOf(record);
  const certificates = thumbprints.map((thumbprint) => ({ ...id, thumbprint }));
  if (certificates.length > 0) await transaction.insertInto("group_certificates").values(certificates).execute();
  const names = subjects.map((subject) => ({ ...id, subject }));
  if (names.length > 0) await transaction.insertInto("group_subjects").values(names).execute();
}

/** The order matters: the registration's row is the lock that two registrations of one device meet at. */
export const saveAssignment =
  (assignment: Assignment): Write =>
  async (context) => {
    const { registration, identity, twin, removed, replaces, expectedEtag } = assignment;
    const key = idKey(registration.registrationId);
    if (!(await saveRegistration(context, registration, expectedEtag))) return false;
    if (removed) await removeOwnDevice(context, removed, key);
    const owners = replaces === undefined ? [key] : [key, idKey(replaces)];
    if (identity && !(await saveIdentity(context, identity, owners))) return false;
    if (twin) await saveTwin(context, twin);
    return true;
  };

async function saveRegistration(
  { transaction, idScope }: WriteContext,
  registration: RegistrationRecord,
  expectedEtag: string | undefined,
): Promise<boolean> {
  const key = idKey(registration.registrationId);
  const content = {
    enrollment_kind: registration.enrollment.kind,
    enrollment_key: idKey(registration.enrollment.id),
    etag: registration.etag,
    record: JSON.stringify(registration),
  };
  if (expectedEtag === undefined) {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto("registrations")
      .values({ id_scope: idScope, registration_key: key, ...content })
      .onConflict((conflict) => conflict.columns(["id_scope", "registration_key"]).doNothing())
      .executeTakeFirst();
    return (numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const result = await transaction
    .updateTable("registrations")
    .set(content)
    .where("id_scope", "=", idScope)
    .where("registration_key", "=", key)
    .where("etag", "=", expectedEtag)
    .executeTakeFirst();
  return changed(result);
}

async function removeOwnDevice(
  { transaction, idScope }: WriteContext,
  removed: { readonly hub: string; readonly deviceId: string },
  owner: string,
): Promise<void> {
  const { numDeletedRows } = await transaction
    .deleteFrom("device_identities")
    .where("id_scope", "=", idScope)
    .where("hub_key", "=", hubKey(removed.hub))
    .where("device_id", "=", removed.deviceId)
    .where("registration_key", "=", owner)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return;
  await transaction
    .deleteFrom("twins")
    .where("id_scope", "=", idScope)
    .where("hub_key", "=", hubKey(removed.hub))
    .where("device_id", "=", removed.deviceId)
    .execute();
}

/** False when the place at the hub is somebody else's than one of `owners`. */
async function saveIdentity(
  { transaction, idScope }: WriteContext,
  identity: DeviceIdentity,
  owners: readonly string[],
): Promise<boolean> {
  const content = { registration_key: idKey(identity.registrationId), record: JSON.stringify(identity) };
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto("device_identities")
    .values({ id_scope: idScope, hub_key: hubKey(identity.hub), device_id: identity.deviceId, ...content })
    .onConflict((conflict) =>
      conflict
        .columns(["id_scope", "hub_key", "device_id"])
        .doUpdateSet(content)
        .where("device_identities.registration_key", "in", owners),
    )
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

async function saveTwin({ transaction, idScope }: WriteContext, twin: Twin): Promise<void> {
  const content = { etag: twin.etag, record: JSON.stringify(twin) };
  await transaction
    .insertInto("twins")
    .values({ id_scope: idScope, hub_key: hubKey(twin.hub), device_id: twin.deviceId, ...content })
    .onConflict((conflict) => conflict.columns(["id_scope", "hub_key", "device_id"]).doUpdateSet(content))
    .execute();
}

export const updateTwin =
  (twin: Twin, expectedEtag: string): Write =>
  async ({ transaction, idScope }) => {
    const result = await transaction
      .updateTable("twins")
      .set({ etag: twin.etag, record: JSON.stringify(twin) })
      .where("id_scope", "=", idScope)
      .where("hub_key", "=", hubKey(twin.hub))
      .where("device_id", "=", twin.deviceId)
      .where("etag", "=", expectedEtag)
      .executeTakeFirst();
    return changed(result);
  };
