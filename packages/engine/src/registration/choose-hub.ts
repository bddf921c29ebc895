import { finding } from "@rollcall/protocol";
import { type Allocation, allocate, candidateHubs, sameHost } from "../allocation/allocate.js";
import type { CustomAllocation } from "../allocation/custom-allocation.js";
import { allocationPolicyOf } from "../records/allocation-policy.js";
import { enrollmentId } from "../records/enrollment-id.js";
import type { RegistrationRecord } from "../records/records.js";
import type { EngineContext } from "./context.js";
import type { Accepted } from "./judge-again.js";
import { currentPlace, reprovisionPolicy } from "./reprovision.js";

/**
 * The hub of a registration: under "never" the device's current hub as long as it is linked (wire.md#reprovisioning);
 * else the hub that the allocation policy chooses (wire.md#allocation).
 */
export async function chooseHub(
  accepted: Accepted,
  existing: RegistrationRecord | undefined,
  custom: CustomAllocation,
  context: EngineContext,
): Promise<Allocation> {
  const { enrollment, request } = accepted;
  const linked = context.hubs.linked();
  const current = currentPlace(existing);
  const stays = current && !reprovisionPolicy(enrollment, request.apiVersion ?? "").updateHubAssignment;
  const kept = stays && linked.find((each) => sameHost(each.host, current.hub));
  const policy = allocationPolicyOf(enrollment, context.options.allocationPolicy);
  if (existing && kept) {
    noteKept(accepted, { existing, hub: kept.host, policy }, context);
    return { hub: kept };
  }
  if (policy !== "custom") return allocate(enrollment, request.registrationId, { linked, policy });
  const candidates = candidateHubs(enrollment, linked);
  if ("finding" in candidates) return candidates;
  return custom.choose({ ...accepted, current, hubs: candidates.hubs });
}

/**
 * Notes that a device stays although it would be assigned to a different hub now, which surprises people
 * (failure-causes.md#cause-23).
 */
function noteKept(
  { enrollment, request }: Accepted,
  {
    existing,
    hub,
    policy,
  }: { existing: RegistrationRecord; hub: string; policy: ReturnType<typeof allocationPolicyOf> },
  context: EngineContext,
): void {
  const why = enrollment.reprovisionPolicy
    ? "The enrollment never reprovisions"
    : `Clients of api-version ${request.apiVersion} do not know reprovisioning`;
  const since = new Date(existing.createdAt).toISOString();
  const values = { why, since, hub, id: enrollmentId(enrollment) };
  if (policy === "custom") {
    request.attempt.add(finding("reprovision.webhookNotAsked", { values, got: hub }));
    return;
  }
  const now = allocate(enrollment, request.registrationId, { linked: context.hubs.linked(), policy });
  if ("finding" in now || sameHost(now.hub.host, hub)) return;
  const other = now.hub.host;
  request.attempt.add(finding("reprovision.hubKept", { values: { ...values, other }, expected: other, got: hub }));
}
