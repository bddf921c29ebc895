import type { EnrollmentKind } from "@rollcall/protocol";
import { idProblem } from "@rollcall/protocol/ids";
import { enrollmentKinds } from "@rollcall/protocol/service-routes";
import { kindWords } from "./choices.js";
import type { Credentials, Draft, Faults, Field, Settings } from "./draft.js";
import { mechanisms } from "./mechanisms.js";
import { findTwinFault } from "./twin-fault.js";
import { sentenceOf } from "./words.js";

/** Missing or unreadable fields of a form. The service, which knows the rules, checks everything else. */
export function checkDraft(kind: EnrollmentKind, draft: Draft): Faults {
  return {
    ...checkId(kind, draft.id.trim()),
    ...checkCredentials(kind, draft),
    ...checkSettings(draft),
  };
}

/** Checks the id here too, since some invalid ids would change the path of the request. */
function checkId(kind: EnrollmentKind, id: string): Faults {
  if (id === "") return { id: `The ${kindWords[kind].id.toLowerCase()} is missing.` };
  const problem = idProblem(id);
  return problem ? { id: sentenceOf(problem.message, undefined) } : {};
}

export function checkSettings(settings: Settings): Faults {
  const { allocationPolicy, iotHubs } = settings;
  return {
    ...(allocationPolicy === "static" &&
      iotHubs.length !== 1 && { iotHubs: "Static allocation needs exactly one hub: mark it here." }),
    ...(allocationPolicy === "custom" && settings.webhookUrl.trim() === "" && { webhookUrl: "The URL is missing." }),
    ...checkTwin(settings.twin),
  };
}

function checkTwin(text: string): Faults {
  const fault = findTwinFault(text);
  return fault ? { twin: `Line ${fault.line}, column ${fault.column}: ${fault.message}.` } : {};
}

export const checkCredentials = (kind: EnrollmentKind, form: Credentials): Faults =>
  mechanisms[form.mechanism].check(kind, form);

/** Fields by path; the first match counts, so longer paths stand first. */
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

/** The field that a refusal of the service belongs to, by the path of the member; `form` for every other path. */
export function fieldOfPath(path: string | undefined): Field {
  return fields.find(([start]) => path === start || path?.startsWith(`${start}.`))?.[1] ?? "form";
}
