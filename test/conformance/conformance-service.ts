import { rootCause, type SeedInput } from "@rollcall/protocol";
import { type Rollcall, type RollcallOptions, startRollcall } from "@rollcall/service";
import type { FixedPorts } from "./fixed-ports.js";

export interface ServiceOptions
  extends Pick<RollcallOptions, "registration" | "limits" | "clock" | "hubs" | "location"> {
  /** The fixed ports of SDKs, used if this process may listen on them. */
  readonly ports: FixedPorts;
  readonly seed: SeedInput;
}

/** The whole service in this process; devices are told not to wait, so that tests do not wait. */
export function startService({ ports, ...options }: ServiceOptions): Promise<Rollcall> {
  const listen = { mqtt: ports[8883] === undefined ? 8883 : 0, https: ports[443] === undefined ? 443 : 0 };
  return startRollcall({ registration: { retryAfter: 0 }, ...options, listen });
}

/** The code of the first finding of a device's latest attempt. */
export function causeOf(service: Rollcall, registrationId: string): string | undefined {
  return rootCause(service.attempts.find(registrationId)?.findings ?? [])?.code;
}
