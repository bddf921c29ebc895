import { type AttestationKind, attestationKindNames } from "@rollcall/protocol";
import { decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";
import { type Phase, phases } from "../device/phases.js";
import { newHistogram, type Series } from "./measure.js";
import type { AttestationReport, DeviceOutcome, FleetReport, Latency, TesterHealth } from "./report-types.js";

type Histograms = ReadonlyMap<Series, Histogram>;

/** The results of a run. */
export interface RunData {
  readonly fleet: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly interrupted: boolean;
  readonly tester: TesterHealth;
  readonly devices: readonly DeviceOutcome[];
  readonly histograms: Histograms;
}

/** Counts and summarizes the results of a run. */
export function aggregate(run: RunData): FleetReport {
  const { fleet, durationMs, interrupted, tester, devices, histograms } = run;
  const attestations = attestationKindNames.flatMap((kind) => {
    const some = devices.filter((device) => device.attestation === kind);
    return some.length === 0 ? [] : [[kind, attestationReport(kind, some, histograms)] as const];
  });
  return {
    fleet,
    startedAt: run.startedAt.toISOString(),
    durationMs,
    interrupted,
    counts: {
      devices: devices.length,
      assigned: devices.filter(isAssigned).length,
      twinRead: devices.filter(hasTwin).length,
      refusedAsExpected: devices.filter((device) => device.end.outcome === "refused" && !device.unexpected).length,
      unexpected: devices.filter((device) => device.unexpected !== undefined).length,
      interrupted: devices.filter((device) => device.end.outcome === "interrupted").length,
    },
    attestations: Object.fromEntries(attestations),
    phases: latencies((phase) => attestationKindNames.flatMap((kind) => histograms.get(`${kind}/${phase}`) ?? [])),
    histograms: Object.fromEntries([...histograms].map(([name, each]) => [name, encodeIntoCompressedBase64(each)])),
    tester,
    devices,
  };
}

const isAssigned = ({ end, phases: times }: DeviceOutcome): boolean =>
  end.outcome === "assigned" || times.assigned !== undefined;
const hasTwin = ({ end }: DeviceOutcome): boolean => end.outcome === "assigned" && end.twin === "asPrescribed";

function attestationReport(
  kind: AttestationKind,
  devices: readonly DeviceOutcome[],
  histograms: Histograms,
): AttestationReport {
  return {
    devices: devices.length,
    assigned: devices.filter(isAssigned).length,
    twinRead: devices.filter(hasTwin).length,
    phases: latencies((phase) => histograms.get(`${kind}/${phase}`) ?? []),
  };
}

function latencies(of: (phase: Phase) => Histogram | readonly Histogram[]): Partial<Record<Phase, Latency>> {
  const rows = phases.flatMap((phase) => {
    const merged = newHistogram();
    for (const histogram of [of(phase)].flat()) merged.add(histogram);
    return merged.totalCount === 0 ? [] : [[phase, latency(merged)] as const];
  });
  return Object.fromEntries(rows);
}

/** Converts a histogram of microseconds to milliseconds. */
function latency(histogram: Histogram): Latency {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    count: histogram.totalCount,
    mean: histogram.mean / 1000,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    // Not maxValue, which is inexact in a merged histogram.
    max: at(100),
  };
}

/** Merges the reports of simultaneous runs, such as those of a fleet's shards; histograms merge exactly. */
export function mergeReports(reports: readonly [FleetReport, ...FleetReport[]]): FleetReport {
  const histograms = new Map<Series, Histogram>();
  for (const [name, text] of reports.flatMap((report) => Object.entries(report.histograms) as [Series, string][])) {
    const merged = histograms.get(name) ?? newHistogram();
    merged.add(decodeFromCompressedBase64(text, 32, false));
    histograms.set(name, merged);
  }
  const begins = reports.map((report) => Date.parse(report.startedAt));
  const ends = reports.map((report, place) => (begins[place] ?? 0) + report.durationMs);
  const worst = (of: (tester: TesterHealth) => number): number => Math.max(...reports.map(({ tester }) => of(tester)));
  return aggregate({
    fleet: [...new Set(reports.map((report) => report.fleet))].join(", "),
    startedAt: new Date(Math.min(...begins)),
    durationMs: Math.max(...ends) - Math.min(...begins),
    interrupted: reports.some((report) => report.interrupted),
    tester: {
      loopDelayP99: worst((tester) => tester.loopDelayP99),
      loopDelayMax: worst((tester) => tester.loopDelayMax),
      cpu: worst((tester) => tester.cpu),
      bottleneck: reports.some(({ tester }) => tester.bottleneck),
    },
    devices: reports.flatMap((report) => report.devices),
    histograms,
  });
}
