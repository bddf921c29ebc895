import type { HubOptions, HubResult } from "./options.js";

/** One visit of a device to its hub: connect, read the twin, report, send telemetry, disconnect. */
export async function connectToHub(options: HubOptions): Promise<HubResult> {
  throw new Error(`not built yet: ${options.deviceId}`);
}
