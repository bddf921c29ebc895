import {
  type EnrollmentGroupInput,
  type IndividualEnrollmentInput,
  type JsonObject,
  SERVICE_API_VERSION,
  type SeedInput,
} from "@rollcall/protocol";
import { provings } from "../attestation/provings.js";
import type { Fleet, FleetEnrollment } from "./fleet.js";

/** Newest stable version of the service API: payloads go both ways. */

/** The enrollments that a service needs for this fleet: load them with `--seed`, or through the service API. */
export function fleetEnrollments(fleet: Fleet): SeedInput {
  const of = (kind: FleetEnrollment["kind"]) => fleet.enrollments.filter((enrollment) => enrollment.kind === kind);
  return {
    enrollments: of("individual").map(
      (each): IndividualEnrollmentInput => ({ registrationId: each.id, ...common(each) }),
    ),
    enrollmentGroups: of("group").map(
      (each): EnrollmentGroupInput => ({ enrollmentGroupId: each.id, ...common(each) }),
    ),
  };
}

function common(enrollment: FleetEnrollment) {
  const { attestation, desired, tags, allocationPolicy, webhookUrl, iotHubs, disabled } = enrollment;
  return {
    attestation: provings[attestation.type].mechanism(attestation),
    initialTwin: { tags: copy(tags), properties: { desired: copy(desired) } },
    provisioningStatus: disabled ? ("disabled" as const) : ("enabled" as const),
    ...(allocationPolicy !== undefined && { allocationPolicy }),
    ...(webhookUrl !== undefined && {
      customAllocationDefinition: { webhookUrl, apiVersion: SERVICE_API_VERSION },
    }),
    ...(iotHubs.length > 0 && { iotHubs: [...iotHubs] }),
  };
}

type WritableObject = NonNullable<NonNullable<IndividualEnrollmentInput["initialTwin"]>["tags"]>;

/** A copy, because the schema of a seed requires mutable arrays. */
const copy = (value: JsonObject): WritableObject => structuredClone(value) as WritableObject;
