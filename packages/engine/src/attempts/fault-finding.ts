import { type Finding, finding } from "@rollcall/protocol";
import { storeTrouble } from "./store-trouble.js";

/**
 * The finding of an attempt that failed by no fault of the device: a failed store (a full disk) or an internal error.
 */
export function faultFinding(error: unknown, trackingId: string): Finding {
  const trouble = storeTrouble(error);
  if (!trouble) return finding("service.internal", { values: { trackingId } });
  return finding("service.storeFailed", { values: { ...trouble } });
}
