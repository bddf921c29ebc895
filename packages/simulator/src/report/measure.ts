import { monitorEventLoopDelay } from "node:perf_hooks";
import type { AttestationKind } from "@rollcall/protocol";
import { build, type Histogram } from "hdr-histogram-js";
import type { Phase, PhaseTimes } from "../device/phases.js";
import type { TesterHealth } from "./report-types.js";

/** The name of a histogram. */
export type Series = `${AttestationKind}/${Phase}`;

/** One hour: longer than any time limit of a device. Values are microseconds. */
const highest = 3_600_000_000;

/** A histogram of microseconds with an error of at most one in a thousand. */
export function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: highest,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    autoResize: true,
    useWebAssembly: false,
  });
}

/** Collects latencies, in a histogram for each phase of each attestation. */
export class Measurements {
  readonly #histograms = new Map<Series, Histogram>();

  get histograms(): ReadonlyMap<Series, Histogram> {
    return this.#histograms;
  }

  /** Records the measurements of one device. */
  record(attestation: AttestationKind, times: PhaseTimes): void {
    for (const [phase, milliseconds] of Object.entries(times) as [Phase, number][]) {
      const microseconds = Math.min(Math.max(Math.round(milliseconds * 1000), 0), highest);
      this.#of(`${attestation}/${phase}`).recordValue(microseconds);
    }
  }

  #of(series: Series): Histogram {
    const known = this.#histograms.get(series) ?? newHistogram();
    this.#histograms.set(series, known);
    return known;
  }
}

/** Milliseconds; from this delay of the event loop on, the tester itself distorts its latencies. */
const tolerableDelayMs = 100;
const resolutionMs = 10;

/** Measures the tester itself; call the returned function to end and get the result. */
export function watchTester(): () => TesterHealth {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  return () => {
    delay.disable();
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpu = (user + system) / 1000 / Math.max(performance.now() - started, 1);
    // The monitor counts from one of its ticks to the next, so its resolution is not a delay.
    const beyond = (nanoseconds: number): number => Math.max(nanoseconds / 1e6 - resolutionMs, 0);
    const loopDelayP99 = delay.count === 0 ? 0 : beyond(delay.percentile(99));
    const loopDelayMax = delay.count === 0 ? 0 : beyond(delay.max);
    return { loopDelayP99, loopDelayMax, cpu, bottleneck: loopDelayP99 > tolerableDelayMs };
  };
}
