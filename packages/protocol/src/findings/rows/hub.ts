import type { FindingRow } from "./finding-row.js";

/** The assigned hub. Likely root causes first: the order is the rank. */
export const hubRows = {
  "hub.deviceIdTaken": {
    element: "hub",
    severity: "error",
    blame: "enrollment",
    wire: "hubRefused",
    title: "The device id {deviceId} at the hub {hub} belongs to another registration: two enrollments claim it.",
    remedy: "Give one of the two enrollments another device id: --device-id of rollcall enrollment update.",
  },
  "hub.otherHub": {
    cause: 20,
    element: "hub",
    severity: "error",
    blame: "device",
    atConnect: "notAuthorized",
    title: "The device asked for the hub {got}; the hubs of this service are {expected}.",
    remedy: "Use the assignedHub of the registration, letter for letter.",
  },
  "hub.deviceDeleted": {
    cause: 20,
    element: "hub",
    severity: "error",
    blame: "hub",
    atConnect: "notAuthorized",
    title: "The device {deviceId} was deleted from the hub {hub} at {at}.",
    remedy: "Let the device register again: that creates it again, as long as its enrollment exists and is enabled.",
  },
  "hub.connectionClosed": {
    element: "hub",
    severity: "warning",
    blame: "hub",
    title: "The hub {hub} does not have the device {deviceId} any more; its connection was closed.",
    remedy: "Let the device register again: it was deleted, or it moved to another hub.",
  },
  "hub.certificateRenewed": {
    element: "hub",
    severity: "warning",
    blame: "device",
    title:
      "The device {deviceId} registered with another certificate: the connection to the hub {hub} that stood with the old one was closed.",
    remedy: "Connect with the certificate that registered last, or let the device register again with this one.",
  },
  "hub.unknownDevice": {
    cause: 20,
    element: "hub",
    severity: "error",
    blame: "device",
    atConnect: "notAuthorized",
    title: "The hub {hub} has no device {deviceId}.",
    remedy:
      "Register first, and use the assignedHub and the deviceId of the result (device ids are case-sensitive). An in-memory service forgets its devices when it stops.",
  },
  "hub.deviceDisabled": {
    cause: 20,
    element: "hub",
    severity: "error",
    blame: "hub",
    atConnect: "notAuthorized",
    title: "The device {deviceId} is disabled at the hub.",
    remedy: "Enable the device at the hub.",
  },
  "hub.unknownModule": {
    cause: 20,
    element: "hub",
    severity: "error",
    blame: "device",
    atConnect: "notAuthorized",
    title: "The device {deviceId} has no module {moduleId} at the hub {hub}.",
    remedy:
      "Create the module first, with the credential of the device: PUT /devices/{deviceId}/modules/{moduleId}?api-version=2020-09-30 on the HTTPS port, as IoT Edge does. Module ids are case-sensitive.",
  },
  "hub.credentialMismatch": {
    cause: 20,
    element: "hub",
    severity: "error",
    blame: "device",
    atConnect: "notAuthorized",
    title: "The hub knows the device, but not this credential: {reason}.",
    remedy:
      "Connect with the credential that the device registered with (for a TPM: the key of the registration result).",
  },
  "hub.certificateNotRegistered": {
    cause: 20,
    element: "hub",
    severity: "error",
    blame: "device",
    atConnect: "notAuthorized",
    title:
      "The hub knows {deviceId} by the certificate that registered last: registered with {registered}, shown {shown}.",
    remedy:
      "Let the device register again with the certificate that it shows (a renewed one is known to the hub only then), or connect with the one that registered.",
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
