import type { EnrollmentBody, EnrollmentKind, JsonObject } from "@rollcall/protocol";
import { enrollmentKinds } from "@rollcall/protocol/service-routes";
import { reprovisionPolicies } from "@rollcall/protocol/words";
import type { Draft, Settings } from "./draft.js";
import { mechanisms } from "./mechanisms.js";

/** The request body for a filled form. `draft.twin` must be JSON. */
export function newEnrollment(kind: EnrollmentKind, draft: Draft): EnrollmentBody {
  const identity = { [enrollmentKinds[kind].id]: draft.id.trim() };
  return withSettings(kind, { ...identity, attestation: mechanisms[draft.mechanism].fromForm(kind, draft) }, draft);
}

/** An enrollment with edited settings. All other members stay, also those that this page does not know. */
export function withSettings(kind: EnrollmentKind, source: EnrollmentBody, settings: Settings): EnrollmentBody {
  const { iotHubHostName: _old, deviceId: _id, customAllocationDefinition, ...rest } = source;
  const deviceId = settings.deviceId.trim();
  const { allocationPolicy } = settings;
  const custom = { ...customAllocationDefinition, webhookUrl: settings.webhookUrl.trim() };
  return {
    ...withoutAllocation(rest),
    ...(kind === "individual" && deviceId !== "" && { deviceId }),
    ...hubsOf(source, settings),
    allocationPolicy,
    ...(allocationPolicy === "custom" && {
      customAllocationDefinition: { ...custom, apiVersion: settings.webhookApiVersion.trim() },
    }),
    reprovisionPolicy: reprovisionPolicies[settings.reprovision].policy,
    initialTwin: readTwin(settings.twin),
    provisioningStatus: settings.status,
    capabilities: { ...source.capabilities, iotEdge: settings.iotEdge },
  };
}

function withoutAllocation({ iotHubs: _, allocationPolicy: __, ...rest }: EnrollmentBody): EnrollmentBody {
  return rest;
}

/** The old form with one hub means static to that hub; it stays where nobody touched it. */
function hubsOf(source: EnrollmentBody, { allocationPolicy, iotHubs }: Settings): Partial<EnrollmentBody> {
  const { iotHubHostName: old } = source;
  if (old && !source.iotHubs && allocationPolicy === "static" && iotHubs.length === 1 && iotHubs[0] === old)
    return { iotHubHostName: old };
  return iotHubs.length > 0 ? { iotHubs } : {};
}

function readTwin(text: string): { tags?: JsonObject; properties?: { desired?: JsonObject } } {
  // A cast: the service checks it and names the invalid member.
  return JSON.parse(text) as { tags?: JsonObject };
}
