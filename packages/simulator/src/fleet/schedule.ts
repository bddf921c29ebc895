import type { FleetDevice } from "./fleet.js";

/** A device and when it is to start, in milliseconds after the run began. */
export interface ScheduledDevice {
  readonly device: FleetDevice;
  readonly startMs: number;
}

/**
 * When the devices of an open-model run start: spread at random, but the same every time, over the time that the rate
 * gives the fleet. Each start depends on its own device only, so a shard needs nobody to tell it.
 * @param rate starts a second, on average
 */
export function scheduleArrivals(devices: readonly FleetDevice[], rate: number): readonly ScheduledDevice[] {
  const windowMs = (devices.length / rate) * 1000;
  return devices
    .map((device) => ({ device, startMs: device.startFraction * windowMs }))
    .toSorted((one, other) => one.startMs - other.startMs);
}

/** The order of a closed-model run: that of the arrivals, so that the kinds of devices mix. */
export function orderOfArrival(devices: readonly FleetDevice[]): readonly FleetDevice[] {
  return devices.toSorted((one, other) => one.startFraction - other.startFraction);
}
