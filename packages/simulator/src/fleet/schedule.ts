import type { FleetDevice } from "./fleet.js";

/** A device and its start, in milliseconds after the run began. */
export interface ScheduledDevice {
  readonly device: FleetDevice;
  readonly startMs: number;
}

/**
 * The starts of the devices of an open-model run: random, but the same every time, over the time that follows from the
 * rate. Each start depends only on its device, so the shards of a fleet need no coordination.
 * @param rate average starts a second
 */
export function scheduleArrivals(devices: readonly FleetDevice[], rate: number): readonly ScheduledDevice[] {
  const windowMs = (devices.length / rate) * 1000;
  return devices
    .map((device) => ({ device, startMs: device.startFraction * windowMs }))
    .toSorted((one, other) => one.startMs - other.startMs);
}

/** The order of a closed-model run: the order of arrival, so that the kinds of devices mix. */
export function orderOfArrival(devices: readonly FleetDevice[]): readonly FleetDevice[] {
  return devices.toSorted((one, other) => one.startFraction - other.startFraction);
}
