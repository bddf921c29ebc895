import type { HubDevice } from "@rollcall/hub";
import { finding } from "@rollcall/protocol";
import type { Connection } from "./connection.js";

/** Ends the connection of a device that was deleted at its hub. */
export function closeDeleted(connection: Connection, { hub, deviceId }: HubDevice): void {
  if (connection.closed) return;
  connection.attempt?.add(finding("hub.connectionClosed", { values: { hub, deviceId } }));
  connection.client.close();
}
