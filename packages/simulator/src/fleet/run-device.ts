import { isDeepStrictEqual } from "node:util";
import { type JsonObject, portOf, transportRows } from "@rollcall/protocol";
import type { ExchangeOptions } from "../device/options.js";
import type { Phase, PhaseTimes } from "../device/phases.js";
import { registerDevice } from "../device/register-device.js";
import type { AssignedState, Refusal, Unreachable } from "../device/result.js";
import { connectToHub } from "../hub/connect-to-hub.js";
import type { DeviceEnd } from "../report/report-types.js";
import { checkTarget } from "./check-target.js";
import type { FleetDevice } from "./fleet.js";
import type { RunOptions } from "./run-options.js";

/** The outcome of a device, and its measurements. */
export interface DeviceRun {
  readonly end: DeviceEnd;
  readonly phases: PhaseTimes;
}

export interface DeviceRunOptions {
  readonly run: RunOptions;
  readonly exchange: ExchangeOptions;
}

/** Runs one device from registration to twin. Rejects when the run is stopped. */
export async function runDevice(device: FleetDevice, { run, exchange }: DeviceRunOptions): Promise<DeviceRun> {
  const { registrationId, identity, transport, payload } = device;
  const { host, idScope, ca } = run.target;
  const port = portOf(run.target, transport);
  const registration = await registerDevice({
    ...exchange,
    target: { host, idScope, ca, ...(port !== undefined && { port }) },
    registrationId,
    identity,
    transport,
    ...(payload !== undefined && { payload }),
  });
  if (registration.outcome !== "assigned") {
    return { end: await endOf("service", device, registration, run), phases: registration.phases };
  }
  if (run.hub === false) {
    const { assignedHub, deviceId } = registration.registrationState;
    return { end: { outcome: "assigned", assignedHub, deviceId, twin: "unread" }, phases: registration.phases };
  }
  const visit = await visitHub(device, registration.registrationState, { run, exchange });
  return { end: visit.end, phases: { ...registration.phases, ...visit.phases } };
}

async function visitHub(
  device: FleetDevice,
  { assignedHub, deviceId }: AssignedState,
  { run, exchange }: DeviceRunOptions,
): Promise<DeviceRun> {
  // The service names the hub, which must not direct the fleet to a foreign machine either.
  checkTarget(assignedHub, run.ownTarget ?? false);
  const transport = transportRows[device.transport].hub;
  const port = portOf(run.target, transport);
  const visit = await connectToHub({
    ...exchange,
    assignedHub,
    deviceId,
    identity: device.identity,
    transport,
    ca: run.target.ca,
    ...(port !== undefined && { port }),
  });
  const phases = pick(visit.phases, ["hubConnect", "twin"]);
  if (visit.outcome !== "connected") return { end: await endOf("hub", device, visit, run), phases };
  const twin = sameDesired(visit.twin.desired, device.desired) ? "asPrescribed" : "different";
  return { end: { outcome: "assigned", assignedHub, deviceId, twin }, phases };
}

function pick(times: PhaseTimes, names: readonly Phase[]): PhaseTimes {
  return Object.fromEntries(names.flatMap((name) => (times[name] === undefined ? [] : [[name, times[name]]])));
}

/** True if the device got its desired properties, without the members that the hub adds. */
function sameDesired(got: JsonObject, prescribed: JsonObject): boolean {
  const { $version: _version, $metadata: _metadata, ...properties } = got;
  return isDeepStrictEqual(properties, JSON.parse(JSON.stringify(prescribed)));
}

async function endOf(
  at: "service" | "hub",
  { registrationId, expect }: FleetDevice,
  result: Refusal | Unreachable,
  run: RunOptions,
): Promise<DeviceEnd> {
  if (result.outcome === "unreachable") {
    return { outcome: "unreachable", at, during: result.during, message: result.cause.message };
  }
  const { outcome, status, connack, errorCode, trackingId, message } = result;
  const asks = expect.outcome === "refused" && expect.finding !== undefined && at === "service";
  const about = { registrationId, ...(trackingId !== undefined && { trackingId }) };
  const finding = asks ? await run.findingOf?.(about) : undefined;
  return {
    outcome,
    at,
    status,
    ...(connack !== undefined && { connack }),
    ...(errorCode !== undefined && { errorCode }),
    ...(trackingId !== undefined && { trackingId }),
    message,
    ...(finding !== undefined && { finding }),
  };
}
