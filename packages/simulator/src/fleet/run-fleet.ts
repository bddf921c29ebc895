import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createSecureContext } from "node:tls";
import type { ExchangeOptions } from "../device/options.js";
import type { PhaseTimes } from "../device/phases.js";
import { aggregate } from "../report/aggregate.js";
import { judgeOutcome } from "../report/judge-outcome.js";
import { Measurements, watchTester } from "../report/measure.js";
import type { DeviceOutcome, FleetReport } from "../report/report-types.js";
import { checkTarget } from "./check-target.js";
import type { Fleet, FleetDevice } from "./fleet.js";
import { type DeviceRun, runDevice } from "./run-device.js";
import type { FleetProgress, RunOptions } from "./run-options.js";
import { orderOfArrival, type ScheduledDevice, scheduleArrivals } from "./schedule.js";
import { Turnstile } from "./turnstile.js";

const defaults = { concurrency: 50, inFlight: 2000, handshakes: 16, timeout: 60_000 } as const;

/**
 * Runs every device of a fleet against a service and its hubs. The report contains every reaction of the service.
 * Rejects only for a target that is refused ({@link checkTarget}), an invalid limit, an identity that cannot be used,
 * or an internal error.
 */
export async function runFleet(fleet: Fleet, options: RunOptions): Promise<FleetReport> {
  checkTarget(options.target.host, options.ownTarget ?? false);
  checkBounds(options);
  const startedAt = new Date();
  const run = new FleetRun(fleet, options);
  const endWatch = watchTester();
  await run.all();
  const { durationMs, interrupted, outcomes, measurements } = run;
  const devices = outcomes.toSorted((one, other) => one.index - other.index).map(({ outcome }) => outcome);
  const { histograms } = measurements;
  return aggregate({ fleet: fleet.name, startedAt, durationMs, interrupted, tester: endWatch(), devices, histograms });
}

function checkBounds({ rate, concurrency, handshakes, timeout }: RunOptions): void {
  for (const [name, value] of Object.entries({ rate, concurrency, handshakes, timeout })) {
    if (value !== undefined && !(value > 0)) throw new RangeError(`${name} must be more than 0, not ${value}`);
  }
}

class FleetRun {
  readonly measurements = new Measurements();
  readonly outcomes: { readonly index: number; readonly outcome: DeviceOutcome }[] = [];
  durationMs = 0;
  readonly #fleet: Fleet;
  readonly #options: RunOptions;
  readonly #exchange: ExchangeOptions;
  readonly #stop = new AbortController();
  #progress: FleetProgress;
  #began = 0;

  constructor(fleet: Fleet, options: RunOptions) {
    this.#fleet = fleet;
    this.#options = options;
    this.#progress = { total: fleet.devices.length, started: 0, done: 0, assigned: 0, refused: 0, unexpected: 0 };
    const handshakes = new Turnstile(options.handshakes ?? defaults.handshakes);
    setMaxListeners(0, this.#stop.signal);
    this.#exchange = {
      timeout: options.timeout ?? defaults.timeout,
      signal: this.#stop.signal,
      pace: (connect) => handshakes.run(connect),
      secureContext: createSecureContext({ ca: options.target.ca, minVersion: "TLSv1.2" }),
    };
  }

  get interrupted(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** Runs all devices; returns when the last device has closed its sockets. */
  async all(): Promise<void> {
    const { signal, rate } = this.#options;
    const stop = (): void => this.#stop.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    this.#began = performance.now();
    try {
      await (rate === undefined ? this.#closedModel() : this.#openModel(rate));
    } finally {
      signal?.removeEventListener("abort", stop);
      this.durationMs = performance.now() - this.#began;
    }
  }

  /** Runs a fixed number of devices at a time, so that a slow service slows down the arrivals. */
  async #closedModel(): Promise<void> {
    const turns = new Turnstile(this.#options.concurrency ?? defaults.concurrency);
    await this.#settle(orderOfArrival(this.#fleet.devices).map((device) => turns.run(() => this.#one(device))));
  }

  /**
   * Starts devices at scheduled times, independently of the service. The latency of a device that waits for a place
   * includes the wait.
   */
  async #openModel(rate: number): Promise<void> {
    const turns = new Turnstile(this.#options.concurrency ?? defaults.inFlight);
    const tasks: Promise<void>[] = [];
    for (const scheduled of scheduleArrivals(this.#fleet.devices, rate)) {
      await this.#until(scheduled);
      const task = turns.run(() => this.#one(scheduled.device, this.#began + scheduled.startMs));
      // It is awaited below; until then its failure must not count as an unhandled rejection.
      task.catch(() => undefined);
      tasks.push(task);
    }
    await this.#settle(tasks);
  }

  async #until({ startMs }: ScheduledDevice): Promise<void> {
    const wait = this.#began + startMs - performance.now();
    if (wait < 1 || this.#stop.signal.aborted) return;
    // An abort ends the pause; the remaining devices then end as interrupted.
    await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  /** Waits for all; when a device fails with an internal error, the others are stopped first. */
  async #settle(tasks: readonly Promise<void>[]): Promise<void> {
    for (const task of tasks) task.catch((error: unknown) => this.#stop.abort(error));
    const ends = await Promise.allSettled(tasks);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #one(device: FleetDevice, intendedStart = performance.now()): Promise<void> {
    const late = Math.max(performance.now() - intendedStart, 0);
    this.#tell({ started: this.#progress.started + 1 });
    const { end, phases } = await this.#runOrInterrupt(device);
    const times = countLateness(phases, late);
    const unexpected = judgeOutcome(device.expect, end);
    const { registrationId, group, attestation, transport, expect } = device;
    const about = { registrationId, group, attestation, transport, expect };
    const outcome = { ...about, end, ...(unexpected !== undefined && { unexpected }), phases: times };
    this.measurements.record(attestation, times);
    this.outcomes.push({ index: device.index, outcome });
    this.#count(outcome);
  }

  async #runOrInterrupt(device: FleetDevice): Promise<DeviceRun> {
    if (this.#stop.signal.aborted) return { end: { outcome: "interrupted" }, phases: {} };
    try {
      return await runDevice(device, { run: this.#options, exchange: this.#exchange });
    } catch (error) {
      if (this.#stop.signal.aborted) return { end: { outcome: "interrupted" }, phases: {} };
      throw error;
    }
  }

  #count(device: DeviceOutcome): void {
    const { done, assigned, refused, unexpected } = this.#progress;
    this.#tell({
      done: done + 1,
      assigned: assigned + (device.end.outcome === "assigned" ? 1 : 0),
      refused: refused + (device.end.outcome === "refused" ? 1 : 0),
      unexpected: unexpected + (device.unexpected === undefined ? 0 : 1),
      device,
    });
  }

  #tell(news: Partial<FleetProgress>): void {
    const { device: _, ...before } = this.#progress;
    this.#progress = { ...before, ...news };
    this.#options.onProgress?.(this.#progress);
  }
}

/** Adds the time since the scheduled start to the latency of a device that waited for a place. */
function countLateness(times: PhaseTimes, late: number): PhaseTimes {
  if (times.turn === undefined) return times;
  const turn = times.turn + late;
  return { ...times, turn, ...(times.assigned !== undefined && { assigned: times.assigned + late }) };
}
