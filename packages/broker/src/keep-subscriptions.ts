import { finding } from "@rollcall/protocol";
import type { Connection } from "./connection.js";
import type { BrokerContext } from "./context.js";

/** Has the hub keep the filters of a session that outlasts its connection. False when it could not, and says so in the attempt. */
export async function keepSubscriptions(connection: Connection, { hub }: BrokerContext): Promise<boolean> {
  const { session, granted, attempt } = connection;
  if (session?.kind !== "hub" || !session.kept) return true;
  // As it is now: the connection may be over when it is written.
  const subscriptions = [...granted].map(([filter, qos]) => ({ filter, qos }));
  const trackingId = attempt?.trackingId ?? "";
  const isKept = await hub.keepSubscriptions(session.kept, subscriptions, trackingId);
  if (!isKept) attempt?.add(finding("service.internal", { values: { trackingId } }));
  return isKept;
}
