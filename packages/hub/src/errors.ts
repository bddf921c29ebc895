import { randomUUID } from "node:crypto";
import { formatDate } from "@rollcall/protocol";
import type { TwinReply } from "./hub-types.js";

/** Every refusal of a twin request: status and code as in IoT Hub (codes that no SDK shows are our own). */
export const hubErrors = {
  badRequest: { status: 400, code: 400004 },
  deviceNotFound: { status: 404, code: 404001 },
  preconditionFailed: { status: 412, code: 412001 },
  tooLarge: { status: 413, code: 413000 },
  busy: { status: 429, code: 429001 },
} as const satisfies Record<string, { status: number; code: number }>;

/** The reply that refuses a twin request; the Node SDK reads `errorCode` and shows `message` (wire.md#twin-replies). */
export function refuse(kind: keyof typeof hubErrors, message: string, now: number): TwinReply {
  const { status, code } = hubErrors[kind];
  return {
    status,
    body: { errorCode: code, trackingId: randomUUID(), message, timestampUtc: formatDate(new Date(now)) },
  };
}
