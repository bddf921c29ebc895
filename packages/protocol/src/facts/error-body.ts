import { z } from "zod";
import { type Answered, date, text, whole } from "./contract-shared.js";
import { type DpsErrorKind, dpsErrors, formatDate } from "./errors.js";

/** The error body of wire.md#error-body. */
export const errorAnswer = z
  .strictObject({
    errorCode: whole,
    trackingId: text,
    message: text,
    timestampUtc: date,
    info: z
      .record(text, text)
      .exactOptional()
      .meta({ description: "`path` of the offending member, `position` in a query" }),
  })
  .meta({ id: "Error" });
export type ErrorBody = Answered<typeof errorAnswer>;

/** Makes the body that goes with `dpsErrors[kind].status`. */
export function errorBody(
  kind: DpsErrorKind,
  about: { trackingId: string; now: Date; message?: string; info?: ErrorBody["info"] },
): ErrorBody {
  const row = dpsErrors[kind];
  return {
    errorCode: row.code,
    trackingId: about.trackingId,
    message: about.message ?? row.message,
    timestampUtc: formatDate(about.now),
    ...(about.info && { info: about.info }),
  };
}
