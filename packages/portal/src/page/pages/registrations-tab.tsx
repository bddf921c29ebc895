import type { EnrollmentKind, RegistrationState } from "@rollcall/protocol";
import { useEffect, useState } from "preact/hooks";
import { isGone, isStale, messageOf } from "../api/client.js";
import { deleteRegistration, getEnrollment, type List, listRegistrations } from "../api/enrollments.js";
import { announce } from "../parts/announce.js";
import { Card, Loading, Pill, Problem, Time } from "../parts/bits.js";
import { confirm } from "../parts/confirm.js";
import { focusContent } from "../parts/focus-content.js";
import { useLoad } from "../parts/use-load.js";
import { keep, kept } from "../routing/router.js";
import { Pager, usePageBefore } from "./list.js";

const PAGE = 50;

/** Kept in the history, as in the list of enrollments. */
interface Shown {
  readonly cursors: readonly string[];
}

/** The registration records of this enrollment's devices. */
export function RegistrationsTab({ kind, id }: { readonly kind: EnrollmentKind; readonly id: string }) {
  const [cursors, setCursors] = useState(() => kept<Shown>().cursors ?? []);
  useEffect(() => keep({ cursors } satisfies Shown), [cursors]);
  const { value, error, loading, reload } = useLoad(JSON.stringify([kind, id, cursors]), (signal) =>
    kind === "group" ? listRegistrations(id, { limit: PAGE, after: cursors.at(-1) }, signal) : single(id, signal),
  );
  usePageBefore({ value, loading }, { cursors, setCursors });
  const refresh = (
    <button type="button" class="small" onClick={reload}>
      Refresh
    </button>
  );
  const next = value?.next;
  return (
    <Card title="Registration records" actions={refresh}>
      <p class="hint">
        A record that is deleted is forgotten: the device's next registration is its first again. The device at the hub
        stays.
      </p>
      {error && <Problem text={error} onRetry={reload} />}
      {!value && loading && <Loading what="registration records" />}
      {value?.items.length === 0 && cursors.length === 0 && (
        <p class="faint empty">No device has registered with this enrollment.</p>
      )}
      {value && value.items.length > 0 && <RecordTable records={value.items} onDeleted={reload} />}
      {value && (cursors.length > 0 || next) && (
        <Pager
          page={cursors.length + 1}
          previous={cursors.length > 0 ? () => setCursors(cursors.slice(0, -1)) : undefined}
          next={next === undefined ? undefined : () => setCursors([...cursors, next])}
        />
      )}
    </Card>
  );
}

/** The record of an individual enrollment, which has at most one. */
async function single(id: string, signal: AbortSignal): Promise<List<RegistrationState>> {
  const { registrationState } = await getEnrollment("individual", id, signal);
  return { items: registrationState ? [registrationState] : [] };
}

function RecordTable(props: { readonly records: readonly RegistrationState[]; readonly onDeleted: () => void }) {
  return (
    <table>
      <caption class="off-screen">Registration records</caption>
      <thead>
        <tr>
          <th scope="col">Registration ID</th>
          <th scope="col" class="wide-only nowrap">
            Device ID
          </th>
          <th scope="col" class="wide-only">
            Assigned hub
          </th>
          <th scope="col">State</th>
          <th scope="col" class="wide-only">
            Registered
          </th>
          <th scope="col" class="wide-only">
            Last change
          </th>
          <th scope="col">
            <span class="off-screen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.records.map((record) => (
          <RecordRow key={record.registrationId} record={record} onDeleted={props.onDeleted} />
        ))}
      </tbody>
    </table>
  );
}

function RecordRow({ record, onDeleted }: { readonly record: RegistrationState; readonly onDeleted: () => void }) {
  const { registrationId, deviceId, assignedHub, status = "unknown", errorCode, errorMessage } = record;
  return (
    <tr>
      <th scope="row">
        <bdi class="break">{registrationId}</bdi>
        <div class="narrow-only small-text break">
          {deviceId && <div>device {deviceId}</div>}
          {assignedHub} <Time at={record.lastUpdatedDateTimeUtc} />
        </div>
      </th>
      <td class="wide-only break">{deviceId ? <bdi>{deviceId}</bdi> : <span class="faint">–</span>}</td>
      <td class="wide-only break">{assignedHub ?? <span class="faint">–</span>}</td>
      <td>
        <Pill state={status} />
        <div class="small-text">{record.substatus}</div>
        {errorCode !== undefined && (
          <div class="small-text fault-inline">
            {errorCode} {errorMessage}
          </div>
        )}
      </td>
      <td class="wide-only">
        <Time at={record.createdDateTimeUtc} />
      </td>
      <td class="wide-only">
        <Time at={record.lastUpdatedDateTimeUtc} />
      </td>
      <td class="end">
        <button
          type="button"
          class="small danger"
          aria-label={`Delete the record of ${registrationId}`}
          onClick={() => void remove(record, onDeleted)}
        >
          Delete
        </button>
      </td>
    </tr>
  );
}

async function remove({ registrationId, etag }: RegistrationState, onDeleted: () => void): Promise<void> {
  const yes = await confirm({
    title: `Delete the registration record of ${registrationId}?`,
    text: "The service forgets which hub the device was assigned to.",
    danger: true,
  });
  if (!yes) return;
  try {
    await deleteRegistration(registrationId, etag);
    announce(`The registration record of ${registrationId} is deleted.`);
  } catch (error) {
    if (isGone(error)) announce(`The registration record of ${registrationId} was already deleted.`);
    else if (isStale(error))
      announce("The device registered again meanwhile; nothing was deleted. Check the record again.", "failed");
    else announce(messageOf(error), "failed");
  }
  focusContent();
  onDeleted();
}
