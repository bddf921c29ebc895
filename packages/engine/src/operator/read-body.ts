import {
  DpsError,
  type EnrollmentGroup,
  type EnrollmentKind,
  enrollmentKinds,
  type IndividualEnrollment,
  idKey,
  idProblem,
  type LinkedHub,
} from "@rollcall/protocol";
import { allocationOf } from "../enrollments/enrollment-record.js";
import { badMember } from "./bad-request.js";

/** The part of zod that is used here; this file does not depend on zod. */
interface BodySchema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { path: readonly PropertyKey[]; message: string }[] };
      };
}

/** Reads a body with a schema; the first error becomes a 400 with its path. */
export function readBody<T>(schema: BodySchema<T>, body: unknown): T {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw badMember("", "The body is not a JSON object.");
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badMember(issue?.path.map(String).join(".") ?? "", issue?.message ?? "is not as expected");
}

/** Checks an id from the path. Throws a 400 when it is not a legal id. */
export function checkId(kind: EnrollmentKind, id: string): void {
  const problem = idProblem(id);
  if (!problem) return;
  const error = kind === "individual" ? "invalidRegistrationId" : "badRequest";
  const path = enrollmentKinds[kind].id;
  throw new DpsError(error, `${path}: ${problem.message}`, { info: { path } });
}

/** The id in the body must be the id in the path, without case (wire.md#individualenrollment). */
export function checkSameId(kind: EnrollmentKind, inPath: string, inBody: string): void {
  if (idKey(inPath) === idKey(inBody)) return;
  throw badMember(enrollmentKinds[kind].id, `is ${JSON.stringify(inBody)}, but the path has ${JSON.stringify(inPath)}`);
}

/**
 * Checks the hubs and the policy of an enrollment from the service API (wire.md#validation). Seeds and imports are not
 * checked: a hub may be linked later, older exports name hubs without a policy, and a device that cannot be allocated
 * gets the reason when it registers. `static` without a hub is accepted, as in
 * ProvisioningServiceIndividualEnrollmentTests.cs of azure-iot-sdk-csharp @35ef6b3, and fails at registration, too.
 */
export function checkAllocation(
  enrollment: IndividualEnrollment | EnrollmentGroup,
  linked: readonly LinkedHub[],
): void {
  const { iotHubs, allocationPolicy } = allocationOf(enrollment);
  const hosts = linked.map((hub) => hub.host);
  const known = new Set(hosts.map((host) => host.toLowerCase()));
  const unlinked = iotHubs.findIndex((host) => !known.has(host.toLowerCase()));
  if (unlinked >= 0) {
    const path = enrollment.iotHubs == null ? "iotHubHostName" : `iotHubs.${unlinked}`;
    const shown = JSON.stringify(iotHubs[unlinked]?.slice(0, 256));
    throw badMember(path, `${shown} is not linked to this service; linked are: ${hosts.join(", ") || "none"}`);
  }
  if (allocationPolicy === undefined && iotHubs.length > 0) {
    // The service's own words (azure-sdk-for-python#35368).
    throw new DpsError("badRequest", "Enrollment allocationPolicy must be specified when iotHubs are specified.", {
      info: { path: "allocationPolicy" },
    });
  }
  if (allocationPolicy === "static" && iotHubs.length > 1) {
    throw badMember("iotHubs", `names ${iotHubs.length} hubs; the allocation policy static takes exactly one`);
  }
  if (allocationPolicy === "custom" && !enrollment.customAllocationDefinition) {
    throw badMember(
      "customAllocationDefinition",
      "is missing; the allocation policy custom needs webhookUrl and apiVersion",
    );
  }
}
