import type { OutputFormat } from "../terminal/output.js";
import { OperatorClient } from "./operator-client.js";
import { connect } from "./running-service.js";

/** Flags that all operator commands share. */
export interface LocatedFlags {
  readonly location?: string;
  readonly output?: OutputFormat;
}

/** The client of the service that runs in the location. */
export async function operator(flags: LocatedFlags): Promise<OperatorClient> {
  return new OperatorClient(await connect(flags.location));
}
