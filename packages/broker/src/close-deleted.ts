import type { DisconnectReason, HubDevice } from "@rollcall/hub";
import { finding } from "@rollcall/protocol";
import type { Connection } from "./connection.js";

const findingCodes = { removed: "hub.connectionClosed", renewed: "hub.certificateRenewed" } as const satisfies Record<
  DisconnectReason,
  string
>;

/** Ends the connection of a device that its hub does not have any more, or not with the certificate that it came with. */
export function closeDeleted(
  connection: Connection,
  { hub, deviceId }: HubDevice,
  reason: DisconnectReason = "removed",
): void {
  if (connection.closed) return;
  connection.attempt?.add(finding(findingCodes[reason], { values: { hub, deviceId } }));
  connection.client.close();
}
