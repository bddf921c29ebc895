import type { Rollcall, RollcallOptions } from "./rollcall.js";

/**
 * Starts the service in this process; ready when the promise settles. Throws ConfigError, LocationInUseError,
 * LocationError, StoreError and ListenError, and leaves nothing behind then.
 */
export async function startRollcall(options: RollcallOptions = {}): Promise<Rollcall> {
  // Loaded only now: the front ends take 300 ms, and who only looks for a running service shall not pay that.
  const service = await import("./service.js");
  return service.startRollcall(options);
}
