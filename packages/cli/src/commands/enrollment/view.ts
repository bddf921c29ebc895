import { type EnrollmentKind, enrollmentKinds, type Json, type JsonObject } from "@rollcall/protocol";
import type { EnrollmentAnswer } from "../../client/operator-client.js";
import { reprovisionPolicies } from "../../options/flag-value.js";
import type { Column, Pair } from "../../terminal/output.js";
import { known, minuteOf, type NameIn, objectAt, shortDate, textAt } from "../../terminal/record-text.js";

/** The columns of `list`. */
export function enrollmentColumns(kind: EnrollmentKind): readonly Column<EnrollmentAnswer>[] {
  return [
    { title: "id", value: (item) => textAt(item, enrollmentKinds[kind].id) },
    { title: "attestation", value: (item) => attestationText(objectAt(item, "attestation")) },
    { title: "status", value: (item) => textAt(item, "provisioningStatus") },
    { title: "allocation", value: (item) => textAt(item, "allocationPolicy") },
    ...(kind === "individual"
      ? [
          { title: "device id", value: (item: EnrollmentAnswer) => textAt(item, "deviceId") },
          {
            title: "registration",
            value: (item: EnrollmentAnswer) => registrationText(objectAt(item, "registrationState")),
          },
        ]
      : [{ title: "hubs", value: (item: EnrollmentAnswer) => listText(item.iotHubs) }]),
    { title: "updated", value: (item) => minuteOf(textAt(item, "lastUpdatedDateTimeUtc")) },
  ];
}

/** `tpm`, `symmetricKey` or `x509`; for an X.509 group that refers to a CA by name, `x509 (<name>)`. */
function attestationText(attestation: JsonObject): string | undefined {
  const references = objectAt(objectAt(attestation, "x509"), "caReferences");
  const type = textAt(attestation, "type");
  const name = textAt(references, "primary");
  return name === undefined ? type : `${type} (${name})`;
}

function registrationText(state: JsonObject): string | undefined {
  const status = textAt(state, "status");
  const hub = textAt(state, "assignedHub");
  return hub === undefined ? status : `${status} ${hub}`;
}

const listText = (value: Json | undefined): string | undefined =>
  Array.isArray(value) ? value.map(String).join(", ") : undefined;

/**
 * An enrollment as the service returned it, or as it would be sent: same members, values not checked by the service.
 */
export type ShownEnrollment = { readonly [Name in NameIn<EnrollmentAnswer>]?: Json };

/** The facts of `show`, in the order in which a person needs them; JSON and YAML contain the whole enrollment. */
export function enrollmentPairs(kind: EnrollmentKind, item: ShownEnrollment): Pair[] {
  const twin = objectAt(item, "initialTwin");
  const custom = objectAt(item, "customAllocationDefinition");
  const rows: (readonly [string, string | undefined, "long"?])[] = [
    [kind === "group" ? "group id" : "registration id", textAt(item, enrollmentKinds[kind].id)],
    ["device id", textAt(item, "deviceId")],
    ["status", textAt(item, "provisioningStatus")],
    ...attestationPairs(objectAt(item, "attestation")),
    ["allocation", textAt(item, "allocationPolicy")],
    ["hubs", listText(item.iotHubs) || textAt(item, "iotHubHostName")],
    ["webhook", textAt(custom, "webhookUrl")],
    ["webhook api-version", textAt(custom, "apiVersion")],
    ["reprovisioning", reprovisionText(item.reprovisionPolicy)],
    ["IoT Edge", objectAt(item, "capabilities")["iotEdge"] === true ? "yes" : undefined],
    ["tags", textAt(twin, "tags"), "long"],
    ["desired properties", textAt(objectAt(twin, "properties"), "desired"), "long"],
    ["device information", textAt(item, "optionalDeviceInformation"), "long"],
    ["registration", registrationText(objectAt(item, "registrationState"))],
    ["created", shortDate(textAt(item, "createdDateTimeUtc"))],
    ["updated", shortDate(textAt(item, "lastUpdatedDateTimeUtc"))],
    ["etag", textAt(item, "etag")?.replaceAll('"', "")],
  ];
  return known(rows);
}

function attestationPairs(attestation: JsonObject): (readonly [string, string | undefined, "long"?])[] {
  const x509 = objectAt(attestation, "x509");
  const keys = objectAt(attestation, "symmetricKey");
  return [
    ["attestation", textAt(attestation, "type")],
    ["primary key", textAt(keys, "primaryKey")],
    ["secondary key", textAt(keys, "secondaryKey")],
    ["endorsement key", textAt(objectAt(attestation, "tpm"), "endorsementKey"), "long"],
    ...Object.entries(x509).flatMap(([holder]) =>
      (["primary", "secondary"] as const).flatMap((which) =>
        certificatePairs(`${which} ${holder === "caReferences" ? "CA" : "certificate"}`, objectAt(x509, holder)[which]),
      ),
    ),
  ];
}

function certificatePairs(name: string, value: Json | undefined): (readonly [string, string | undefined])[] {
  if (typeof value === "string") return [[name, value]];
  const info = objectAt({ value: value ?? null }, "value")["info"];
  const facts = objectAt({ info: info ?? null }, "info");
  return [
    [name, textAt(facts, "subjectName")],
    ["  issued by", textAt(facts, "issuerName")],
    ["  valid until", textAt(facts, "notAfterUtc")],
    ["  SHA-256", textAt(facts, "sha256Thumbprint")],
  ];
}

/** The policy, by its name in the flag. */
function reprovisionText(policy: Json | undefined): string | undefined {
  const { updateHubAssignment, migrateDeviceData } = objectAt({ policy: policy ?? null }, "policy");
  if (updateHubAssignment === undefined) return undefined;
  const names = Object.entries(reprovisionPolicies).filter(
    ([, each]) =>
      each.updateHubAssignment === updateHubAssignment &&
      (!each.updateHubAssignment || each.migrateDeviceData === migrateDeviceData),
  );
  return names[0]?.[0];
}
