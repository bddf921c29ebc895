import type { EnrollmentKind } from "@rollcall/protocol";
import { enrollmentKinds } from "@rollcall/protocol/service-routes";
import { kindWords } from "./choices.js";
import type { Credentials, Draft, Faults, Field, Settings } from "./draft.js";
import { findJsonFault } from "./json-fault.js";

/** What is plainly missing or unreadable in a form; all else is judged by the service, which knows the rules. */
export function checkDraft(kind: EnrollmentKind, draft: Draft): Faults {
  return {
    ...(draft.id.trim() === "" && { id: `${kindWords[kind].id} is missing.` }),
    ...checkCredentials(kind, draft),
    ...checkSettings(draft),
  };
}

export function checkSettings(settings: Settings): Faults {
  const { allocationPolicy, iotHubs } = settings;
  return {
    ...(allocationPolicy === "static" && iotHubs.length > 1 && { iotHubs: "Static takes exactly one hub." }),
    ...(allocationPolicy === "custom" && settings.webhookUrl.trim() === "" && { webhookUrl: "The URL is missing." }),
    ...checkTwin(settings.twin),
  };
}

function checkTwin(text: string): Faults {
  const fault = findJsonFault(text);
  if (fault) return { twin: `Line ${fault.line}, column ${fault.column}: ${fault.message}.` };
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return {};
  return { twin: "The initial twin is an object with tags and properties.desired." };
}

export function checkCredentials(kind: EnrollmentKind, form: Credentials): Faults {
  if (form.mechanism === "tpm")
    return form.endorsementKey.trim() === "" ? { endorsementKey: "The endorsement key is missing." } : {};
  if (form.mechanism === "symmetricKey") return checkKeys(form);
  if (kind === "group" && form.x509Source === "caReferences")
    return form.primaryReference === "" ? { primaryReference: "Choose a CA certificate." } : {};
  return form.primaryCertificate === "" ? { primaryCertificate: "The primary certificate is missing." } : {};
}

function checkKeys({ generateKeys, primaryKey, secondaryKey }: Credentials): Faults {
  if (generateKeys) return {};
  return {
    ...(primaryKey.trim() === "" && { primaryKey: "The primary key is missing: enter it, or generate one." }),
    ...(secondaryKey.trim() === "" && { secondaryKey: "The secondary key is missing: enter it, or generate one." }),
  };
}

/** The longest path that fits goes first. */
const fields: readonly (readonly [path: string, field: Field])[] = [
  ["attestation.x509.clientCertificates.primary", "primaryCertificate"],
  ["attestation.x509.clientCertificates.secondary", "secondaryCertificate"],
  ["attestation.x509.signingCertificates.primary", "primaryCertificate"],
  ["attestation.x509.signingCertificates.secondary", "secondaryCertificate"],
  ["attestation.x509.caReferences.primary", "primaryReference"],
  ["attestation.x509.caReferences.secondary", "secondaryReference"],
  ["attestation.x509", "primaryCertificate"],
  ["attestation.tpm", "endorsementKey"],
  ["attestation.symmetricKey.primaryKey", "primaryKey"],
  ["attestation.symmetricKey.secondaryKey", "secondaryKey"],
  ["attestation.symmetricKey", "primaryKey"],
  ["attestation", "mechanism"],
  ["deviceId", "deviceId"],
  ["iotHubs", "iotHubs"],
  ["iotHubHostName", "iotHubs"],
  ["allocationPolicy", "allocationPolicy"],
  ["customAllocationDefinition.apiVersion", "webhookApiVersion"],
  ["customAllocationDefinition", "webhookUrl"],
  ["reprovisionPolicy", "reprovision"],
  ["initialTwin", "twin"],
  ["provisioningStatus", "status"],
  ["capabilities", "iotEdge"],
  ...Object.values(enrollmentKinds).map(({ id }) => [id, "id"] as const),
];

/** The field that a fault of the service's belongs to, by the path of the member; `form` for all others. */
export function fieldOfPath(path: string | undefined): Field {
  return fields.find(([start]) => path === start || path?.startsWith(`${start}.`))?.[1] ?? "form";
}
