import type { FindingRow } from "./finding-row.js";

/** The connection and the service itself. Likely root causes first: the order is the rank. */
export const serviceRows = {
  "tls.clientLeft": {
    cause: 19,
    element: "connection",
    severity: "error",
    blame: "device",
    title: "The client ended the TLS handshake: {reason}.",
    remedy:
      "If it says unknown ca: the device does not trust this service. rollcall info names the CA file to give it.",
  },
  "service.internal": {
    element: "service",
    severity: "error",
    blame: "service",
    wire: "internal",
    title: "Rollcall failed. The fault is in Rollcall, not in your device.",
    remedy: "Look into the log of the service for {trackingId}, and report it.",
  },
  "service.storeFailed": {
    element: "service",
    severity: "error",
    blame: "service",
    wire: "internal",
    title: "Your device is fine: Rollcall cannot save anything now, {problem}.",
    remedy: "To fix it: {next}.",
  },
  "explanation.leftOut": {
    element: "service",
    severity: "info",
    blame: "service",
    title: "Many devices were refused in this second, so Rollcall did not search for the mistake.",
    remedy: "Let one of these devices try again alone.",
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
