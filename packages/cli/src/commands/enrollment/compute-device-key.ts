import { decodeBase64, deriveDeviceKey, type JsonObject } from "@rollcall/protocol";
import { type LocatedFlags, operator } from "../../client/located.js";
import { readValue } from "../../options/read-value.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { writeRecord } from "../../terminal/output.js";
import { objectAt, textAt } from "../../terminal/record-text.js";
import { asked } from "./actions.js";

interface Flags extends LocatedFlags {
  readonly registrationId: string;
  readonly symmetricKey?: string;
  readonly enrollmentId?: string;
}

/** `compute-device-key`: from the group key itself, or from the key of a group of the running service. */
export async function computeDeviceKey(flags: Flags, { terminal }: Context): Promise<void> {
  const groupKey = await groupKeyOf(flags);
  const bytes = decodeBase64(groupKey);
  if (!bytes) throw new CliError("unexpected", "the key of the group is not base64");
  const key = deriveDeviceKey(bytes, flags.registrationId).toString("base64");
  if (flags.output === "json" || flags.output === "yaml") return writeRecord(terminal, flags.output, key, []);
  terminal.out(key);
}

async function groupKeyOf(flags: Flags): Promise<string> {
  const { symmetricKey, enrollmentId } = flags;
  if (symmetricKey !== undefined) {
    const source = { flag: "--key", kind: "group", note: () => undefined } as const;
    return String(await readValue.symmetricKey(symmetricKey, source));
  }
  if (enrollmentId === undefined)
    throw new CliError("usage", "give the group's key with --key, or the group's id with --gid");
  const client = await operator(flags);
  const attestation: JsonObject = await client.mechanism(
    "group",
    enrollmentId,
    asked({ ...flags, enrollmentId }, "group"),
  );
  const key = textAt(objectAt(attestation, "symmetricKey"), "primaryKey");
  if (key !== undefined) return key;
  throw new CliError(
    "usage",
    `${enrollmentId} attests by ${textAt(attestation, "type")}, so its devices have no derived keys`,
  );
}
