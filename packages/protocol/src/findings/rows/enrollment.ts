import type { FindingRow } from "./finding-row.js";

/** The enrollment of the device, as an operator wrote it. Likely root causes first: the order is the rank. */
export const enrollmentRows = {
  "enrollment.disabled": {
    cause: 16,
    element: "enrollment",
    severity: "error",
    blame: "enrollment",
    wire: "unauthorized",
    title: "The individual enrollment {id} is disabled. It goes before every group, so no group was tried.",
    remedy: "Enable the enrollment: rollcall enrollment update --eid {id} --ps enabled",
  },
  "enrollment.leafBlocked": {
    cause: 16,
    element: "leaf",
    severity: "error",
    blame: "enrollment",
    wire: "unauthorized",
    title:
      "This certificate belongs to the individual enrollment {id}, which is disabled; that blocks it under every registration id.",
    remedy: "Enable or delete the individual enrollment: rollcall enrollment update --eid {id} --ps enabled",
  },
  "group.disabled": {
    cause: 16,
    element: "enrollment",
    severity: "error",
    blame: "enrollment",
    wire: "unauthorized",
    title: "The enrollment group {id} is disabled.",
    remedy: "Enable the enrollment group: rollcall enrollment-group update --gid {id} --ps enabled",
  },
  "enrollment.attestationMismatch": {
    element: "enrollment",
    severity: "error",
    blame: "device",
    wire: "unauthorized",
    title: "The enrollment {id} expects {expected}; the device came with {got}.",
    remedy: "Let the device use {expected}, or enroll it with {got}.",
  },
  "enrollment.thumbprintIsSha1": {
    cause: 22,
    element: "enrollment",
    severity: "error",
    blame: "enrollment",
    wire: "invalidCertificate",
    title:
      "The enrollment {id} has a thumbprint of 40 hex digits: that is SHA-1, but the field needs SHA-256 (64 digits).",
    remedy:
      "Enroll the certificate itself: rollcall enrollment update --eid {id} --cp leaf.pem; its SHA-256 is what openssl x509 -in leaf.pem -noout -fingerprint -sha256 prints.",
  },
  "enrollment.holdsOtherCertificate": {
    cause: 22,
    element: "enrollment",
    severity: "error",
    blame: "enrollment",
    wire: "invalidCertificate",
    title:
      "The enrollment {id} has the certificate {subject}. The device sent it as {place}, but the enrollment must have the leaf.",
    remedy:
      "Put the leaf certificate ({leaf}) into the enrollment: rollcall enrollment update --eid {id} --cp leaf.pem",
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
