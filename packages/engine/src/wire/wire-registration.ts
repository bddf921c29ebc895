import { formatDate, type RegistrationState } from "@rollcall/protocol";
import { isAssigning } from "../records/is-assigning.js";
import type { RegistrationRecord } from "../records/records.js";

/**
 * A DeviceRegistrationState (wire.md#deviceregistrationstate): a device's view of its registration, without secrets for
 * the device.
 */
export function wireRegistration(record: RegistrationRecord, now: number): RegistrationState {
  const { registrationId, result, etag } = record;
  const dates = {
    createdDateTimeUtc: formatDate(new Date(record.createdAt)),
    lastUpdatedDateTimeUtc: formatDate(new Date(record.updatedAt)),
  };
  const last = record.operations.at(-1);
  if (last && isAssigning(last, now)) return { registrationId, ...dates, status: "assigning", etag };
  const { assignedHub, deviceId, status } = result;
  const place = {
    ...(assignedHub !== undefined && { assignedHub }),
    ...(deviceId !== undefined && { deviceId }),
  };
  const detail =
    result.status === "failed"
      ? { errorCode: result.errorCode, errorMessage: result.errorMessage }
      : { substatus: result.substatus, ...(result.payload !== undefined && { payload: result.payload }) };
  return { registrationId, ...dates, ...place, status, ...detail, etag };
}
