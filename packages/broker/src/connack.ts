import type { RefusalReason } from "@rollcall/protocol";

/** Return codes of a CONNACK (MQTT 3.1.1, table 3.1): the only place where a reason becomes a number. */
export const connackCodes = {
  accepted: 0,
  protocolLevel: 1,
  identifier: 2,
  unavailable: 3,
  credentials: 4,
  notAuthorized: 5,
} as const satisfies Record<RefusalReason | "accepted" | "protocolLevel", number>;

/** The meaning of a CONNACK. `protocolLevel` only occurs over MQTT, for versions other than 3.1.1. */
export type ConnackReason = keyof typeof connackCodes;

/** The four bytes on the wire. A session is present only where the client is let in (MQTT 3.1.1, 3.2.2.2). */
export function connackPacket(reason: ConnackReason, isSessionPresent = false): Buffer {
  const flags = isSessionPresent && reason === "accepted" ? 1 : 0;
  return Buffer.of(0x20, 0x02, flags, connackCodes[reason]);
}
