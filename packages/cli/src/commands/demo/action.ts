import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Rollcall } from "@rollcall/service";
import {
  type DeviceOutcome,
  type Fleet,
  type FleetReport,
  fleetEnrollments,
  formatReport,
  runFleet,
} from "@rollcall/simulator";
import { wrap } from "@rollcall/simulator/wrap";
import { ManagementClient } from "../../client/management-client.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { readUserFile } from "../../terminal/files.js";
import { aborted } from "../../terminal/interrupts.js";
import { quote } from "../../terminal/shell.js";
import { findingsOf, openFleet } from "../fleet/actions.js";
import { launch } from "../service/start-action.js";
import { createDemoView, type DemoView } from "./view.js";

interface DemoFlags {
  readonly fleet?: string;
  readonly concurrency?: number;
  readonly keep?: boolean;
}

/** `demo`: starts a service, registers the fleet, and prints the outcome of every device. */
export async function demo(flags: DemoFlags, context: Context): Promise<void> {
  const signal = context.interrupts.hold();
  const view = createDemoView(context.terminal);
  try {
    await play(flags, { context, view, signal });
  } catch (error) {
    if (signal.aborted && !(error instanceof CliError)) throw new CliError("stopped", "stopped", { cause: error });
    throw error;
  } finally {
    view.end();
  }
}

interface Stage {
  readonly context: Context;
  readonly view: DemoView;
  readonly signal: AbortSignal;
}

async function play(flags: DemoFlags, stage: Stage): Promise<void> {
  const { view, signal } = stage;
  const file = flags.fleet ?? repositoryPath("devices/fleets/demo.yaml");
  const fleet = await view.step(
    "fleet",
    () => openFleet(file, signal, existingFolder(repositoryPath("certs"))),
    ({ devices }) => `${devices.length} devices of ${fleetName(file)}: keys, certificates, virtual TPMs`,
  );
  await using rollcall = await view.step(
    "service",
    () => launch({ seed: fleetEnrollments(fleet) }),
    ({ info }) => `MQTT on ${info.ports.mqtt}, HTTPS on ${info.ports.https}; ${fleet.enrollments.length} enrollments`,
  );
  const report = await view.step(
    "devices",
    () => runDemoFleet(fleet, rollcall, { ...stage, concurrency: flags.concurrency }),
    ({ counts }) =>
      `${counts.assigned} assigned, ${counts.twinRead} twins as prescribed, ${counts.refusedAsExpected} refused`,
  );
  await tell(report, rollcall, stage);
  if (flags.keep === true) await keep(rollcall, stage);
  judge(report, fleet);
}

/** A path of the checkout that this program belongs to. */
function repositoryPath(path: string): string {
  return fileURLToPath(new URL(`../../../../../${path}`, import.meta.url));
}

const existingFolder = (path: string): string | undefined => (existsSync(path) ? path : undefined);

const fleetName = (file: string): string => file.split("/").slice(-1).join("/");

async function runDemoFleet(
  fleet: Fleet,
  rollcall: Rollcall,
  stage: Stage & { concurrency: number | undefined },
): Promise<FleetReport> {
  const { info } = rollcall;
  return runFleet(fleet, {
    target: {
      host: info.host,
      idScope: info.idScope,
      ca: await readUserFile(info.caPath, "the CA of the service"),
      mqttPort: info.ports.mqtt,
      httpsPort: info.ports.https,
    },
    signal: stage.signal,
    onProgress: (progress) => stage.view.progress(progress),
    findingOf: findingsOf(managementOf(rollcall)),
    ...(stage.concurrency !== undefined && { concurrency: stage.concurrency }),
  });
}

function managementOf({ info, managementToken }: Rollcall): ManagementClient {
  return new ManagementClient({ url: `http://127.0.0.1:${info.ports.dashboard}`, token: managementToken });
}

/** Prints the tables, then the reason for each refusal, then the closing line. */
async function tell(report: FleetReport, rollcall: Rollcall, { context }: Stage): Promise<void> {
  const sections = formatReport(report).split("\n\n");
  const closing = sections.pop() ?? "";
  const service = managementOf(rollcall);
  const refused = report.devices.filter(({ end, unexpected }) => end.outcome === "refused" && unexpected === undefined);
  const reasons = await Promise.all(refused.map((device) => reason(device, service)));
  // The full reasons replace this section.
  const tables = sections.filter((section) => !section.startsWith("Refused, as expected:"));
  if (reasons.length > 0) tables.push(["Refused, as expected:", ...reasons].join("\n"));
  context.terminal.out([...tables, closing].join("\n\n"));
}

/** The answer on the wire, which is all that the cloud would say, and then the text of `rollcall explain`. */
async function reason({ registrationId, end }: DeviceOutcome, service: ManagementClient): Promise<string> {
  if (end.outcome !== "refused") return `  ${registrationId}`;
  const attempt = await service.attempt(end.trackingId ?? registrationId).catch(() => undefined);
  const first = attempt?.findings[0];
  const answer = `${end.errorCode ?? `CONNACK ${end.connack}`} ${end.message}`;
  const text = first ? `${first.title}\n→ ${first.remedy}` : "The attempt is no longer in the log.";
  return `  ${registrationId}: ${answer}\n    ${wrap(text, 76, "    ")}`;
}

async function keep(rollcall: Rollcall, { context, signal }: Stage): Promise<void> {
  const { terminal } = context;
  terminal.note(`\nThe service runs until Ctrl-C. Try: rollcall info --location ${quote(rollcall.location)}`);
  await Promise.race([aborted(signal), rollcall.stopped]);
}

/** Throws CliError unless every device ended as the fleet file says: assigned with hub and twin, or refused. */
function judge(report: FleetReport, fleet: Fleet): void {
  const { counts, devices, interrupted } = report;
  if (interrupted) throw new CliError("stopped", "stopped before every device had finished");
  const toAssign = fleet.devices.filter(({ expect }) => expect.outcome === "assigned").length;
  const wrong = devices
    .filter((device) => device.unexpected !== undefined)
    .map((device) => `${device.registrationId}: ${device.unexpected}`);
  const complete =
    counts.assigned === toAssign &&
    counts.twinRead === toAssign &&
    counts.refusedAsExpected === fleet.devices.length - toAssign;
  if (wrong.length === 0 && complete) return;
  throw new CliError("threshold", `not as expected: ${wrong.slice(0, 5).join("; ") || "the counts do not add up"}`, {
    next: "rollcall demo --keep",
  });
}
