import { DpsError, idKey, type RegistrationState } from "@rollcall/protocol";
import type { RegistrationRecord } from "../records/records.js";
import { checkPrecondition } from "../wire/etags.js";
import { wireRegistration } from "../wire/wire-registration.js";
import type { Continuations } from "./continuation.js";
import { type OperatorContext, TRIES } from "./operator-context.js";
import type { OperatorList, OperatorPage } from "./operator-types.js";
import { pageLimit } from "./page-limit.js";
import { checkId } from "./read-body.js";

async function find(id: string, { store }: OperatorContext): Promise<RegistrationRecord> {
  checkId("individual", id);
  const record = await store.registration(id);
  if (!record) throw new DpsError("registrationNotFound");
  return record;
}

/** Returns a DeviceRegistrationState. */
export async function getRegistration(id: string, context: OperatorContext): Promise<RegistrationState> {
  return wireRegistration(await find(id, context), context.clock());
}

/** Removes the assignment of a device; the device at the hub stays (wire.md#deprovisioning). */
export async function deleteRegistration(
  id: string,
  ifMatch: string | undefined,
  context: OperatorContext,
): Promise<void> {
  for (let turn = 0; turn < TRIES; turn++) {
    const record = await find(id, context);
    checkPrecondition(record, ifMatch);
    const expectedEtag = ifMatch === undefined ? undefined : record.etag;
    if ((await context.store.removeRegistration(id, expectedEtag)) === "removed") return;
  }
  throw new DpsError("conflict");
}

/** Lists the registrations of a group, even after the group was deleted (wire.md#deprovisioning). */
export async function registrationsOfGroup(
  id: string,
  page: OperatorPage,
  { context, continuations }: { context: OperatorContext; continuations: Continuations },
): Promise<OperatorList<RegistrationState>> {
  checkId("group", id);
  const { store, clock } = context;
  const limit = pageLimit(page);
  const about = `registrations\n${idKey(id)}`;
  const after = continuations.read(about, page.after)?.key;
  const request = { limit: limit + 1, ...(after !== undefined && { after }) };
  const found = await store.registrations(request, { kind: "group", id });
  if (found.length === 0 && after === undefined && !(await store.enrollmentGroup(id))) {
    throw new DpsError("enrollmentGroupNotFound");
  }
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const more = found.length > limit && last !== undefined;
  return {
    items: shown.map((record) => wireRegistration(record, clock())),
    ...(more && { next: continuations.write(about, { key: idKey(last.registrationId) }) }),
  };
}
