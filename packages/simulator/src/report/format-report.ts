import { type AttestationKind, attestationKinds } from "@rollcall/protocol";
import { type Phase, phases } from "../device/phases.js";
import { describeRefusal } from "./judge-outcome.js";
import type { AttestationReport, DeviceOutcome, FleetReport } from "./report-types.js";
import { formatMilliseconds, textTable } from "./text-table.js";
import { textWidth, wrap } from "./wrap.js";

const headings: Readonly<Record<Phase, string>> = {
  turn: "turn (tester)",
  tls: "TLS",
  connack: "CONNACK",
  suback: "SUBACK",
  challenge: "TPM challenge",
  register: "register",
  wait: "wait (asked for)",
  poll: "poll",
  assigned: "assigned (total)",
  hubConnect: "hub connect",
  twin: "twin",
};

/** The largest number of devices in a list; the JSON report contains all of them. */
const listed = 20;

/** The report as text: a table for each attestation, refusals, unexpected outcomes, and a closing line. */
export function formatReport(report: FleetReport): string {
  const expectedRefusals = report.devices.filter(({ end, unexpected }) => end.outcome === "refused" && !unexpected);
  const unexpected = report.devices.filter((device) => device.unexpected !== undefined);
  return [
    countTable(report),
    latencyTable(report),
    list("Refused, as expected:", expectedRefusals, (device) => (device.end.outcome === "refused" ? why(device) : "")),
    list("Not as expected:", unexpected, (device) => device.unexpected ?? ""),
    testerNote(report),
    closingLine(report),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

type Kinds = readonly (readonly [AttestationKind, AttestationReport])[];

function kindsOf({ attestations }: FleetReport): Kinds {
  return Object.entries(attestations) as [AttestationKind, AttestationReport][];
}

function countTable(report: FleetReport): string {
  const unread = report.devices.some(({ end }) => end.outcome === "assigned" && end.twin === "unread");
  const row = (name: string, { devices, assigned, twinRead }: FleetReport["counts"] | AttestationReport): string[] => [
    name,
    ...[devices, assigned, ...(unread ? [] : [twinRead])].map(String),
  ];
  const rows = kindsOf(report).map(([kind, counts]) => row(attestationKinds[kind].name, counts));
  return textTable([
    ["attestation", "devices", "assigned", ...(unread ? [] : ["twin as prescribed"])],
    ...rows,
    ...(rows.length > 1 ? [row("all", report.counts)] : []),
  ]);
}

function latencyTable(report: FleetReport): string {
  const kinds = kindsOf(report);
  const rows = phases
    .filter((phase) => report.phases[phase] !== undefined)
    .map((phase) => [headings[phase], ...kinds.map(([, { phases: of }]) => cell(of[phase]))]);
  return rows.length === 0
    ? ""
    : textTable([["p50 / p99", ...kinds.map(([kind]) => attestationKinds[kind].name)], ...rows]);
}

function cell(latency: AttestationReport["phases"][Phase]): string {
  if (latency === undefined) return "–";
  return `${formatMilliseconds(latency.p50)} / ${formatMilliseconds(latency.p99)}`;
}

function why({ end }: DeviceOutcome): string {
  if (end.outcome !== "refused") return "";
  return end.finding === undefined ? describeRefusal(end) : `${end.finding}, ${describeRefusal(end)}`;
}

function list(title: string, devices: readonly DeviceOutcome[], text: (device: DeviceOutcome) => string): string {
  if (devices.length === 0) return "";
  const line = (device: DeviceOutcome): string =>
    `  ${wrap(`${device.registrationId}: ${text(device)}`, textWidth - 4, "    ")}`;
  const lines = devices.slice(0, listed).map(line);
  const more = devices.length > listed ? [`  and ${devices.length - listed} more`] : [];
  return [title, ...lines, ...more].join("\n");
}

function testerNote({ tester }: FleetReport): string {
  if (!tester.bottleneck) return "";
  const p99 = formatMilliseconds(tester.loopDelayP99);
  const cpu = `${Math.round(tester.cpu * 100)} % of a core`;
  const note = `This process was the bottleneck (event loop delay p99 ${p99}, ${cpu}): the latencies say more about it than about the service.`;
  return wrap(note, textWidth);
}

/** A single line, however long, since programs search for it. */
function closingLine({ counts, durationMs, interrupted }: FleetReport): string {
  const seconds = `${(durationMs / 1000).toFixed(1)}s`;
  const parts = [`${counts.assigned} ${counts.assigned === 1 ? "device" : "devices"} registered in ${seconds}`];
  if (counts.refusedAsExpected > 0) parts.push(`${counts.refusedAsExpected} refused as expected`);
  if (counts.unexpected > 0) parts.push(`${counts.unexpected} NOT as expected`);
  if (interrupted) parts.push(`stopped with ${counts.interrupted} not done`);
  return parts.join(", ");
}
