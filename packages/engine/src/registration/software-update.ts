import { errorBody, finding, type Reply } from "@rollcall/protocol";
import type { DeviceRequest } from "../attempts/engine-types.js";
import { okReply } from "../attempts/replies.js";
import type { EngineContext } from "./context.js";
import { refuseStranger } from "./operation-status.js";

/**
 * Answers a request about software updates as a service without an update account does: 409, after which the C SDK goes on to
 * register (wire.md#software-updates). The attempt of the registration stays as it is.
 */
export async function softwareUpdate(request: DeviceRequest, context: EngineContext): Promise<Reply> {
  const refusal = await refuseStranger(request, context);
  if (refusal) return refusal;
  const { attempt } = request;
  attempt.add(finding("protocol.updatesNotLinked"));
  attempt.step("softwareUpdate");
  const about = { trackingId: attempt.trackingId, now: new Date(context.clock()) };
  return okReply(attempt, 409, errorBody("updateAccountNotLinked", about));
}
