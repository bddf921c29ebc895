import type { RegistrationState } from "@rollcall/protocol";
import { type LocatedFlags, operator } from "../../client/located.js";
import { where } from "../../client/running-service.js";
import type { Asked } from "../../client/service-refusal.js";
import { confirm } from "../../terminal/confirm.js";
import type { Context } from "../../terminal/context.js";
import { type Column, writeList, writeRecord } from "../../terminal/output.js";
import { known, minuteOf, shortDate, textAt } from "../../terminal/record-text.js";
import { quote } from "../../terminal/shell.js";
import { asked as askedOfEnrollment } from "./actions.js";

interface NamedFlags extends LocatedFlags {
  readonly registrationId: string;
}

const columns: readonly Column<RegistrationState>[] = [
  { title: "id", value: (item) => textAt(item, "registrationId") },
  { title: "status", value: (item) => textAt(item, "status") },
  { title: "assigned hub", value: (item) => textAt(item, "assignedHub") },
  { title: "device id", value: (item) => textAt(item, "deviceId") },
  { title: "substatus", value: (item) => textAt(item, "substatus") },
  { title: "updated", value: (item) => minuteOf(textAt(item, "lastUpdatedDateTimeUtc")) },
];

/** `registration show`. */
export async function show(flags: NamedFlags, { terminal }: Context): Promise<void> {
  const client = await operator(flags);
  const state = await client.registration(flags.registrationId, asked(flags));
  const pairs = known([
    ["registration id", textAt(state, "registrationId")],
    ["status", textAt(state, "status")],
    ["substatus", textAt(state, "substatus")],
    ["assigned hub", textAt(state, "assignedHub")],
    ["device id", textAt(state, "deviceId")],
    ["error", textAt(state, "errorCode")],
    ["message", textAt(state, "errorMessage")],
    ["payload", textAt(state, "payload"), "long"],
    ["created", shortDate(textAt(state, "createdDateTimeUtc"))],
    ["last updated", shortDate(textAt(state, "lastUpdatedDateTimeUtc"))],
    ["etag", textAt(state, "etag")],
  ]);
  await writeRecord(terminal, flags.output, state, pairs);
}

/** `registration list`: of one group. */
export async function list(
  flags: LocatedFlags & { readonly enrollmentId: string; readonly top?: number },
  { terminal }: Context,
): Promise<void> {
  const client = await operator(flags);
  const states = await client.registrations(flags.enrollmentId, flags.top, askedOfEnrollment(flags, "group"));
  await writeList(terminal, flags.output, states, columns);
}

/** `registration delete`. */
export async function remove(
  flags: NamedFlags & { readonly ifMatch?: string; readonly yes?: boolean },
  { terminal }: Context,
): Promise<void> {
  const client = await operator(flags);
  const { registrationId: id, ifMatch } = flags;
  await client.registration(id, asked(flags));
  await confirm(terminal, `delete the registration of ${id}`, flags.yes);
  await client.deleteRegistration(id, { ifMatch, ...asked(flags) });
  terminal.note(`deleted the registration of ${id}; its device stays at the hub`);
}

function asked(flags: NamedFlags): Asked {
  const id = quote(flags.registrationId);
  return {
    subject: flags.registrationId,
    next: {
      notFound: `rollcall explain ${id}${where(flags)}`,
      conflict: `rollcall registration show --rid ${id}${where(flags)}`,
    },
  };
}
