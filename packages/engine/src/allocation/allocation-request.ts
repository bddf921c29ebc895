import type { CertificateCache } from "@rollcall/pki";
import {
  type AllocationRequest,
  type AttestationKind,
  type DeviceRuntimeContext,
  type JsonObject,
  type LinkedHub,
  maskedWebhookUrl,
} from "@rollcall/protocol";
import { attestations } from "../attestation/attestations.js";
import type { AcceptedProof, AttestationRequest } from "../attestation/judging/verdict.js";
import type { EnrollmentRecord } from "../records/records.js";
import { wireEnrollment } from "../wire/wire-enrollment.js";

/** A device that waits for the webhook. */
export interface AllocationQuestion {
  readonly request: AttestationRequest;
  readonly enrollment: EnrollmentRecord;
  readonly proof: AcceptedProof;
  readonly attestation: AttestationKind;
  /** The device's hub and device id now; undefined if it was never assigned. */
  readonly current: { readonly hub: string; readonly deviceId: string } | undefined;
  /** The hubs to choose from. */
  readonly hubs: readonly LinkedHub[];
}

/** Makes the body of the call to the webhook, exactly as in wire.md#webhook. */
export function allocationRequest(question: AllocationQuestion, certificates: CertificateCache): AllocationRequest {
  const { enrollment, hubs } = question;
  const form = enrollmentForm(enrollment);
  return {
    ...(enrollment.kind === "individual" ? { individualEnrollment: form } : { enrollmentGroup: form }),
    deviceRuntimeContext: runtimeContext(question, certificates),
    linkedHubs: hubs.map((hub) => hub.host),
  };
}

function runtimeContext(question: AllocationQuestion, certificates: CertificateCache): DeviceRuntimeContext {
  const { request, current, proof, attestation } = question;
  const payload = request.body?.payload;
  return {
    registrationId: request.registrationId,
    ...(current && { currentIotHubHostName: current.hub, currentDeviceId: current.deviceId }),
    ...attestations[attestation].finish.runtimeMember(request, proof, certificates),
    ...(payload !== undefined && { payload }),
  };
}

/** The enrollment as the service API shows it, without its keys, and with the webhook's address masked. */
function enrollmentForm(enrollment: EnrollmentRecord): JsonObject {
  const custom = enrollment.source.customAllocationDefinition;
  return {
    // Without a registration, no member depends on the time.
    ...wireEnrollment(enrollment, { registration: undefined, now: 0 }),
    ...(custom && {
      customAllocationDefinition: { ...custom, webhookUrl: maskedWebhookUrl(custom.webhookUrl) },
    }),
  };
}
