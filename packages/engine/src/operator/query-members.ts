import { type EnrollmentKind, enrollmentKinds } from "@rollcall/protocol";
import { memberNames } from "../wire/wire-enrollment.js";

/**
 * The inner members of each member with a fixed form. Operators choose the names in `optionalDeviceInformation`, and
 * all deeper names.
 */
const inside: Readonly<Record<string, readonly string[]>> = {
  attestation: ["type", "x509", "tpm", "symmetricKey"],
  capabilities: ["iotEdge"],
  customAllocationDefinition: ["webhookUrl", "apiVersion"],
  initialTwin: ["tags", "properties"],
  reprovisionPolicy: ["updateHubAssignment", "migrateDeviceData"],
  registrationState: [
    "registrationId",
    "createdDateTimeUtc",
    "lastUpdatedDateTimeUtc",
    "assignedHub",
    "deviceId",
    "status",
    "substatus",
    "errorCode",
    "errorMessage",
    "etag",
    "payload",
  ],
};

/** `enrollments.registrationId` is `registrationId`: a member may have the collection, without case, as a prefix. */
export function withoutCollection(path: readonly string[], kind: EnrollmentKind): readonly string[] {
  const [first = "", ...rest] = path;
  const isCollection = first.toLowerCase() === enrollmentKinds[kind].collection.toLowerCase();
  return isCollection && rest.length > 0 ? rest : path;
}

/**
 * Explains why no enrollment of this kind can have a value at a path; undefined if the path is possible. `path` is
 * without the collection.
 */
export function memberProblem([name = "", inner]: readonly string[], kind: EnrollmentKind): string | undefined {
  const names = memberNames(kind);
  if (!names.includes(name)) return unknown(name, names);
  const known = inside[name];
  return known && inner !== undefined && !known.includes(inner) ? unknown(`${name}.${inner}`, known) : undefined;
}

function unknown(name: string, known: readonly string[]): string {
  const last = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  const nearest = known.find((each) => each.toLowerCase() === last);
  const hint = nearest === undefined ? `members are ${known.join(", ")}` : `the member is written ${nearest}`;
  return `there is no member ${name}; ${hint}`;
}
