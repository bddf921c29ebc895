import {
  type EnrollmentGroupInput,
  type IndividualEnrollmentInput,
  type JsonObject,
  SERVICE_API_VERSION,
  type SeedInput,
} from "@rollcall/protocol";
import type { Fleet, FleetAttestation, FleetEnrollment } from "./fleet.js";

/** Newest stable version of the service API: payloads go both ways. */

/** What a service must have enrolled for this fleet: load it with `--seed`, or through the service API. */
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
    attestation: mechanism(attestation),
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

/** The seed's schema wants arrays that may be written to: a copy may be. */
const copy = (value: JsonObject): WritableObject => structuredClone(value) as WritableObject;

function mechanism(attestation: FleetAttestation): IndividualEnrollmentInput["attestation"] {
  if (attestation.type === "tpm") return { type: "tpm", tpm: { endorsementKey: attestation.endorsementKey } };
  if (attestation.type === "symmetricKey") {
    const { primaryKey, secondaryKey } = attestation;
    return { type: "symmetricKey", symmetricKey: { primaryKey, secondaryKey } };
  }
  if ("signingCertificatePem" in attestation) {
    return { type: "x509", x509: { signingCertificates: pair(attestation.signingCertificatePem) } };
  }
  return { type: "x509", x509: { clientCertificates: pair(attestation.clientCertificatePem) } };
}

/** base64 of the DER, the form that every service takes. */
function pair(pem: string) {
  return { primary: { certificate: pem.replace(/-----[A-Z ]+-----|\s/g, "") } };
}
