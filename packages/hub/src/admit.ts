import type { ConnectDecision } from "./connect.js";
import type { Followers } from "./followers.js";
import type { HubAdmission, HubConnectRequest } from "./hub-types.js";
import type { RemovedDevices } from "./removed-devices.js";
import type { Sessions } from "./sessions.js";

interface AdmitContext {
  readonly decide: (request: HubConnectRequest) => Promise<ConnectDecision>;
  readonly followers: Followers | undefined;
  readonly sessions: Sessions;
  readonly removed: RemovedDevices;
}

/** Lets a device in, or not; begins its session, and follows it from then on. */
export async function admit(request: HubConnectRequest, context: AdmitContext): Promise<HubAdmission> {
  const { decide, followers, sessions, removed } = context;
  await sessions.settled(request);
  const begun = removed.order;
  const decision = await (followers ? followers.admit(request, () => decide(request)) : decide(request));
  const admission = await withSession(request, decision, sessions);
  // While its old session was forgotten, it may have been taken away.
  if (admission.kind === "refused" || !removed.removedSince(admission.device, begun)) return admission;
  admission.left?.();
  return await admit(request, context);
}

/** The admission with the session that the request asked for. */
async function withSession(
  { session, moduleId }: HubConnectRequest,
  { admission, session: stored }: ConnectDecision,
  sessions: Sessions,
): Promise<HubAdmission> {
  // The stored session belongs to the device itself: a module has no session.
  if (admission.kind === "refused" || moduleId !== undefined) return admission;
  try {
    const begun = await sessions.begin(admission.device, stored, session);
    return { ...admission, ...(begun && { session: begun }) };
  } catch (error) {
    admission.left?.();
    throw error;
  }
}
