import type { Rollcall, RollcallOptions } from "./rollcall.js";

/**
 * Starts the service in this process; ready when the promise settles. Throws ConfigError, LocationInUseError,
 * LocationError, StoreError and ListenError, and leaves nothing behind then.
 */
export async function startRollcall(options: RollcallOptions = {}): Promise<Rollcall> {
  // Imported on demand: the front ends take 300 ms to load, which a command that only looks for a running service
  // should not pay.
  const service = await import("./service.js");
  return service.startRollcall(options);
}
