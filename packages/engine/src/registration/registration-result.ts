import { type DeviceRegistrationResult, formatDate, type RegistrationOperationStatus } from "@rollcall/protocol";
import { attestations } from "../attestation/attestations.js";
import type { Random } from "../records/ports.js";
import type { OperationRecord, RegistrationRecord } from "../records/records.js";

/** The answer to a poll for an operation that is not ready (wire.md#reply-bodies). */
export function assigningStatus(operation: OperationRecord, registrationId: string): RegistrationOperationStatus {
  return { operationId: operation.id, status: "assigning", registrationState: { registrationId, status: "assigning" } };
}

/** The final answer of an operation. */
export function finalStatus(
  operation: OperationRecord,
  record: RegistrationRecord,
  random: Random,
): RegistrationOperationStatus {
  const registrationState = registrationResult(record, random);
  return { operationId: operation.id, status: registrationState.status, registrationState };
}

/** A device's view of its registration; for a TPM with the hub key encrypted for it, each time anew. */
export function registrationResult(record: RegistrationRecord, random: Random): DeviceRegistrationResult {
  const { result } = record;
  const dates = {
    createdDateTimeUtc: formatDate(new Date(record.createdAt)),
    lastUpdatedDateTimeUtc: formatDate(new Date(record.updatedAt)),
  };
  const { registrationId, etag } = record;
  if (result.status === "failed") {
    const { status, errorCode, errorMessage } = result;
    return { registrationId, ...dates, status, errorCode, errorMessage, etag };
  }
  const { assignedHub, deviceId, status, substatus, payload } = result;
  const member = attestations[record.attestation].finish.resultMember(record, random);
  return {
    ...member,
    registrationId,
    ...dates,
    assignedHub,
    deviceId,
    status,
    substatus,
    etag,
    ...(payload !== undefined && { payload }),
  };
}
