import type { FindingRow } from "./finding-row.js";

/** Warnings and notes, which refuse no device. Likely root causes first: the order is the rank. */
export const remarkRows = {
  "protocol.apiVersionNewer": {
    cause: 24,
    element: "request",
    severity: "warning",
    blame: "protocol",
    title: "The api-version {got} is newer than this service knows; it is served as {served}.",
    remedy: "Nothing to do, unless an answer looks wrong.",
  },
  "registration.atOnce": {
    cause: 18,
    element: "request",
    severity: "warning",
    blame: "device",
    title: "Another registration of the same device was under way: it began {ageMs} ms earlier, from {remote}.",
    remedy:
      "Register a device from one place at a time, and wait for the answer. The other attempt: rollcall explain {trackingId}",
  },
  "reprovision.hubKept": {
    cause: 23,
    element: "enrollment",
    severity: "warning",
    blame: "enrollment",
    title: "{why}, so the device keeps the hub it got on {since} ({hub}); allocation would now choose {other}.",
    remedy:
      "To let the device move, set reprovisionPolicy.updateHubAssignment of {id} to true, or delete its registration record.",
  },
  "reprovision.webhookNotAsked": {
    cause: 23,
    element: "enrollment",
    severity: "info",
    blame: "enrollment",
    title: "{why}, so the device keeps the hub it got on {since} ({hub}); the allocation webhook was not asked.",
    remedy:
      "To have the webhook asked, set reprovisionPolicy.updateHubAssignment of {id} to true, or delete the registration record.",
  },
  "enrollment.nearby": {
    cause: 15,
    element: "enrollment",
    severity: "info",
    blame: "enrollment",
    title: "A similar id is enrolled: {nearest}.",
    remedy: "Did you mean {nearest}?",
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
