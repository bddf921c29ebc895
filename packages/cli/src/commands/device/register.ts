import { type AttestationKind, type Json, portOf, type Transport, transportRows } from "@rollcall/protocol";
import type {
  AssignedState,
  DeviceIdentity,
  DeviceTwin,
  Refusal,
  RegisterResult,
  Unreachable,
} from "@rollcall/simulator";
import { connectToHub, InvalidIdentityError, registerDevice } from "@rollcall/simulator";
import { where } from "../../client/running-service.js";
import { resolveTarget, type Target } from "../../client/target.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { formatMs } from "../../terminal/durations.js";
import { readJsonArgument } from "../../terminal/files.js";
import { formatRecord, type OutputFormat, toJson, wantsTable } from "../../terminal/output.js";
import { quote } from "../../terminal/shell.js";
import { type IdentityFlags, readIdentity } from "./identity.js";

export interface RegisterFlags extends IdentityFlags {
  readonly registrationId: string;
  readonly attestationType?: AttestationKind;
  readonly transport: Transport;
  readonly host?: string;
  readonly idScope?: string;
  readonly ca?: string;
  readonly payload?: string;
  readonly hub?: boolean;
  readonly timeout: number;
  readonly location?: string;
  readonly output?: OutputFormat;
}

interface Run {
  readonly flags: RegisterFlags;
  readonly target: Target;
  readonly identity: DeviceIdentity;
  readonly signal: AbortSignal;
}

/** `device register`: one device, from its flags to its registration state. */
export async function register(flags: RegisterFlags, context: Context): Promise<void> {
  const payload =
    flags.payload === undefined ? undefined : ((await readJsonArgument(flags.payload, "--payload")) as Json);
  const { identity, save } = await readIdentity(flags, context.terminal);
  const target = await resolveTarget(flags);
  const signal = context.interrupts.hold();
  const run = { flags, target, identity, signal };
  try {
    const result = await attempt(run, payload);
    await save();
    if (result.outcome !== "assigned") throw failure(result, "service", run, context);
    const visit = flags.hub === true ? await visitHub(run, result.registrationState, context) : undefined;
    print(result, visit, flags, context);
  } catch (error) {
    if (signal.aborted) throw new CliError("interrupted", "interrupted", { cause: error });
    if (error instanceof InvalidIdentityError) throw new CliError("usage", error.message, { cause: error });
    throw error;
  }
}

function attempt({ flags, target, identity, signal }: Run, payload: Json | undefined): Promise<RegisterResult> {
  const port = portOf(target, flags.transport);
  return registerDevice({
    target: { host: target.host, idScope: target.idScope, ca: target.ca, ...(port !== undefined && { port }) },
    registrationId: flags.registrationId,
    identity,
    transport: flags.transport,
    timeout: flags.timeout,
    signal,
    ...(payload !== undefined && { payload }),
  });
}

async function visitHub(run: Run, state: AssignedState, context: Context): Promise<DeviceTwin> {
  const { flags, target, identity, signal } = run;
  const transport = transportRows[flags.transport].hub;
  // The port of --host is the service's. It is the hub's too only when the device uses the same transport for both.
  const isSameWay = transport === flags.transport;
  const port = flags.host === undefined || isSameWay ? portOf(target, transport) : undefined;
  const visit = await connectToHub({
    assignedHub: state.assignedHub,
    deviceId: state.deviceId,
    identity,
    transport,
    ca: target.ca,
    timeout: flags.timeout,
    signal,
    ...(port !== undefined && { port }),
  });
  if (visit.outcome !== "connected") throw failure(visit, "hub", run, context);
  return visit.twin;
}

/**
 * The error for a failed registration or hub visit, with the next command. With `-o json` the failure is printed as
 * JSON too.
 */
function failure(
  result: Refusal | Unreachable,
  at: "service" | "hub",
  { flags, target }: Run,
  { terminal }: Context,
): CliError {
  const peer = at === "hub" ? "the hub" : "the service";
  if (result.outcome === "unreachable") {
    return new CliError(
      "unreachable",
      `${peer} at ${target.host} gave no answer (${result.during}): ${result.cause.message}`,
      {
        next: flags.host === undefined ? `rollcall health${where(flags)}` : undefined,
        cause: result.cause,
      },
    );
  }
  const { outcome: _, ...facts } = result;
  if (flags.output === "json")
    terminal.out(toJson({ status: "refused", registrationId: flags.registrationId, at, ...withoutPhases(facts) }));
  const id = result.trackingId ?? flags.registrationId;
  // A 5xx is a fault of the service and says nothing about the device.
  const [kind, what] =
    result.status >= 500
      ? (["unreachable", `${peer} failed, so it did not decide about ${flags.registrationId}`] as const)
      : (["refused", `${flags.registrationId} was refused by ${peer}`] as const);
  return new CliError(kind, `${what}: ${describeRefusal(result)}`, {
    next: target.management === undefined ? undefined : `rollcall explain ${quote(id)}${where(flags)}`,
  });
}

function withoutPhases(facts: object): object {
  const { phases: _, status: replyStatus, ...rest } = facts as { phases?: unknown; status?: unknown };
  return { replyStatus, ...rest };
}

/** `401002 Unauthorized (status 401, trackingId …)`. */
export function describeRefusal(refusal: Omit<Refusal, "outcome">): string {
  const code = refusal.errorCode === undefined ? "" : `${refusal.errorCode} `;
  const facts = [
    // The message of a refused CONNECT already contains its code.
    refusal.connack === undefined ? `status ${refusal.status}` : undefined,
    refusal.trackingId === undefined ? undefined : `trackingId ${refusal.trackingId}`,
  ];
  const known = facts.filter((fact) => fact !== undefined);
  return `${code}${refusal.message}${known.length === 0 ? "" : ` (${known.join(", ")})`}`;
}

function print(
  result: Extract<RegisterResult, { outcome: "assigned" }>,
  twin: DeviceTwin | undefined,
  flags: RegisterFlags,
  { terminal }: Context,
): void {
  const state = result.registrationState;
  if (flags.output === "json") {
    terminal.out(toJson(twin === undefined ? state : { ...state, twin }));
    return;
  }
  const pairs: [string, string | undefined][] = [
    ["registration id", state.registrationId],
    ["status", state.status],
    ["substatus", state.substatus],
    ["assigned hub", state.assignedHub],
    ["device id", state.deviceId],
    ["payload", state.payload === undefined ? undefined : JSON.stringify(state.payload)],
    ["created", state.createdDateTimeUtc],
    ["last updated", state.lastUpdatedDateTimeUtc],
    ["etag", state.etag],
    ["twin desired", twin && JSON.stringify(twin.desired)],
    ["twin reported", twin && JSON.stringify(twin.reported)],
  ];
  const known = pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  terminal.out(formatRecord(known, wantsTable(terminal, flags.output)));
  const took = Object.entries(result.phases).map(([phase, ms]) => `${phase} ${formatMs(ms)}`);
  terminal.note(terminal.paintNote("dim", took.join(", ")));
}
