import type { ErrorBody } from "./contract-management.js";
import { type DpsErrorKind, dpsErrors, formatDate } from "./facts/errors.js";

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
