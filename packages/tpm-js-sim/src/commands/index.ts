import type { Command } from "../command.js";
import { activateCredential } from "./activate-credential.js";
import { createPrimary } from "./create-primary.js";
import { evictControl } from "./evict-control.js";
import { flushContext } from "./flush-context.js";
import { getCapabilityOf } from "./get-capability.js";
import { getRandom } from "./get-random.js";
import { hmac } from "./hmac.js";
import { hmacStart } from "./hmac-start.js";
import { importKey } from "./import.js";
import { load } from "./load.js";
import { policySecret } from "./policy-secret.js";
import { readPublic } from "./read-public.js";
import { sequenceComplete } from "./sequence-complete.js";
import { sequenceUpdate } from "./sequence-update.js";
import { startAuthSession } from "./start-auth-session.js";
import { startup } from "./startup.js";

/** Part 2, table 37 (TPMA_CC): index, number of handles, and whether the response has one. */
function attributesOf(row: Command): number {
  return (row.code | (row.handles.length << 25) | (row.makesHandle ? 1 << 28 : 0)) >>> 0;
}

/** GetCapability lists the table that it is a row of. */
const getCapability = getCapabilityOf(() => commands.map(attributesOf));

/** Every command of this TPM: tier A of what DPS clients send. */
const commands: readonly Command[] = [
  evictControl,
  createPrimary,
  sequenceComplete,
  startup,
  activateCredential,
  policySecret,
  hmac,
  importKey,
  load,
  hmacStart,
  sequenceUpdate,
  flushContext,
  readPublic,
  startAuthSession,
  getCapability,
  getRandom,
];

export const commandsByCode: ReadonlyMap<number, Command> = new Map(commands.map((row) => [row.code, row]));
