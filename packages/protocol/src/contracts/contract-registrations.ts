import { z } from "zod";
import { type Answered, date, json, text, whole } from "../facts/contract-shared.js";
import { registrationStatuses, substatuses } from "../facts/statuses.js";

/** A DeviceRegistrationState (wire.md#deviceregistrationstate). */
export const registrationState = z
  .strictObject({
    registrationId: text,
    createdDateTimeUtc: date,
    lastUpdatedDateTimeUtc: date,
    assignedHub: text.exactOptional(),
    deviceId: text.exactOptional(),
    status: z.enum(registrationStatuses),
    substatus: z.enum(substatuses).exactOptional(),
    errorCode: whole.exactOptional(),
    errorMessage: text.exactOptional(),
    payload: json.exactOptional(),
    etag: text,
  })
  .meta({ id: "DeviceRegistrationState" });
export type RegistrationState = Answered<typeof registrationState>;
