import { rootCause, type SeedInput } from "@rollcall/protocol";
import { type Rollcall, type RollcallOptions, startRollcall } from "@rollcall/service";
import type { FixedPorts } from "./fixed-ports.js";

export interface ServiceOptions
  extends Pick<RollcallOptions, "registration" | "limits" | "clock" | "hubs" | "location"> {
  /** The ports that SDKs insist on are used where they may be. */
  readonly ports: FixedPorts;
  readonly seed: SeedInput;
}

/** The whole service in this process; devices are told not to wait, so that a test takes as long as its work. */
export function startService({ ports, ...options }: ServiceOptions): Promise<Rollcall> {
  const listen = { mqtt: ports[8883] === undefined ? 8883 : 0, https: ports[443] === undefined ? 443 : 0 };
  return startRollcall({ registration: { retryAfter: 0 }, ...options, listen });
}

/** Why the latest attempt of a device failed, in the words of `rollcall explain`: the code of its first finding. */
export function causeOf(service: Rollcall, registrationId: string): string | undefined {
  return rootCause(service.attempts.find(registrationId)?.findings ?? [])?.code;
}
