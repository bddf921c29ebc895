import { type Finding, finding } from "@rollcall/protocol";
import { storeTrouble } from "./store-trouble.js";

/** The finding of an attempt that failed by no fault of the device: a full disk is mended otherwise than a mistake of ours. */
export function faultFinding(error: unknown, trackingId: string): Finding {
  const trouble = storeTrouble(error);
  if (!trouble) return finding("service.internal", { values: { trackingId } });
  return finding("service.storeFailed", { values: { ...trouble } });
}
