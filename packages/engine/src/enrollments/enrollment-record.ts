import {
  type EnrollmentGroup,
  type IndividualEnrollment,
  idKey,
  type JsonObject,
  limits,
  propertyProblem,
} from "@rollcall/protocol";
import { authoritiesNamedIn } from "../attestation/attestations.js";
import type { AttestationReading } from "../attestation/judging/attestation.js";
import type { AttestationRecord } from "../records/attestation-record.js";
import { EnrollmentError } from "../records/enrollment-error.js";
import { enrollmentSource } from "../records/enrollment-source.js";
import type { CaCertificateRecord, EnrollmentRecord, GroupRecord, IndividualRecord } from "../records/records.js";
import type { Store } from "../records/store.js";
import { readAttestation } from "./read-attestation.js";

/** The context for making a record. */
export interface RecordContext extends Omit<AttestationReading, "existing"> {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly etag: () => string;
}

/**
 * Checks an individual enrollment and makes its record. `existing` is the record that it replaces: the spelling of its
 * id, its date of creation, and credentials that the update leaves out stay. Throws EnrollmentError; `path` is relative
 * to the enrollment.
 */
export function individualRecord(
  enrollment: IndividualEnrollment,
  context: RecordContext,
  existing?: IndividualRecord,
): IndividualRecord {
  const attestation = readAttestation(enrollment.attestation, "individual", {
    ...context,
    existing: existing?.attestation,
  });
  return {
    kind: "individual",
    registrationId: existing?.registrationId ?? enrollment.registrationId,
    ...(enrollment.deviceId != null && { deviceId: enrollment.deviceId }),
    ...commonRecord(enrollment, { attestation, context, existing }),
  };
}

/** Checks an enrollment group and makes its record, like `individualRecord`. */
export function groupRecord(enrollment: EnrollmentGroup, context: RecordContext, existing?: GroupRecord): GroupRecord {
  const attestation = readAttestation(enrollment.attestation, "group", { ...context, existing: existing?.attestation });
  return {
    kind: "group",
    enrollmentGroupId: existing?.enrollmentGroupId ?? enrollment.enrollmentGroupId,
    ...commonRecord(enrollment, { attestation, context, existing }),
  };
}

/**
 * The hubs and the policy of an enrollment: the single-hub form of 2017 is static allocation
 * (wire.md#individualenrollment).
 */
export function allocationOf(enrollment: IndividualEnrollment | EnrollmentGroup): {
  iotHubs: readonly string[];
  allocationPolicy: EnrollmentRecord["allocationPolicy"];
} {
  const { iotHubs, iotHubHostName, allocationPolicy } = enrollment;
  const legacyHub = iotHubs == null && iotHubHostName ? [iotHubHostName] : undefined;
  return { iotHubs: legacyHub ?? iotHubs ?? [], allocationPolicy: allocationPolicy ?? (legacyHub && "static") };
}

function commonRecord(
  enrollment: IndividualEnrollment | EnrollmentGroup,
  about: { attestation: AttestationRecord; context: RecordContext; existing: EnrollmentRecord | undefined },
) {
  const { attestation, context, existing } = about;
  const { reprovisionPolicy } = enrollment;
  const { iotHubs, allocationPolicy } = allocationOf(enrollment);
  return {
    attestation,
    provisioningStatus: enrollment.provisioningStatus,
    ...(allocationPolicy && { allocationPolicy }),
    iotHubs,
    iotEdge: enrollment.capabilities?.iotEdge ?? false,
    initialTwin: readTwin(enrollment.initialTwin),
    ...(reprovisionPolicy && { reprovisionPolicy }),
    source: enrollmentSource(enrollment),
    etag: context.etag(),
    createdAt: existing?.createdAt ?? context.now,
    updatedAt: context.now,
  };
}

function readTwin(source: IndividualEnrollment["initialTwin"]): EnrollmentRecord["initialTwin"] {
  return {
    tags: twinProperties(source?.tags, "initialTwin.tags", limits.twinTagsBytes),
    desired: twinProperties(source?.properties?.desired, "initialTwin.properties.desired", limits.twinDesiredBytes),
  };
}

/** `$`-members of a TwinCollection are metadata, not properties (wire.md#twincollection). */
function twinProperties(collection: JsonObject | null | undefined, path: string, maxBytes: number): JsonObject {
  const properties = Object.fromEntries(Object.entries(collection ?? {}).filter(([name]) => !name.startsWith("$")));
  const bytes = Buffer.byteLength(JSON.stringify(properties));
  if (bytes > maxBytes) throw new EnrollmentError(path, `has ${bytes} bytes; ${maxBytes} are allowed`);
  const problem = propertyProblem(properties, path.slice(path.lastIndexOf(".") + 1));
  if (problem !== undefined) throw new EnrollmentError(path, problem);
  return properties;
}

/** The uploaded CA certificates to which an enrollment refers, in their current state. */
export async function namedAuthorities(
  store: Store,
  enrollment: IndividualEnrollment | EnrollmentGroup,
): Promise<ReadonlyMap<string, CaCertificateRecord>> {
  const found = new Map<string, CaCertificateRecord>();
  for (const name of authoritiesNamedIn(enrollment)) {
    const record = await store.caCertificate(name);
    if (record) found.set(idKey(name), record);
  }
  return found;
}
