import { type EnrollmentKind, enrollmentKinds } from "@rollcall/protocol";
import { memberNames } from "../wire/wire-enrollment.js";

/**
 * What stands inside a member whose form is fixed. `initialTwin`, `optionalDeviceInformation` and what is deeper hold names that
 * operators choose.
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

/** `enrollments.registrationId` is `registrationId`: the collection, in any case, may stand in front of a member. */
export function withoutCollection(path: readonly string[], kind: EnrollmentKind): readonly string[] {
  const [first = "", ...rest] = path;
  const isCollection = first.toLowerCase() === enrollmentKinds[kind].collection.toLowerCase();
  return isCollection && rest.length > 0 ? rest : path;
}

/** Why no enrollment of a kind can have a value at a path; undefined where one can. `path` is without the collection. */
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
