import { type CertificateCache, certificateInfo } from "@rollcall/pki";
import {
  type AllocationRequest,
  type DeviceRuntimeContext,
  formatDate,
  type Json,
  type JsonObject,
  type LinkedHub,
  maskedWebhookUrl,
} from "@rollcall/protocol";
import type { EnrolledCertificate } from "./attestation-record.js";
import type { EnrollmentRecord } from "./ports.js";
import type { AttestationRequest, Proof } from "./verdict.js";

/** A device that waits for the webhook. */
export interface AllocationQuestion {
  readonly request: AttestationRequest;
  readonly enrollment: EnrollmentRecord;
  readonly proof: Exclude<Proof, { kind: "challenge" }>;
  readonly attestation: "x509" | "symmetricKey" | "tpm";
  /** Where the device is now; undefined for one that was never assigned. */
  readonly current: { readonly hub: string; readonly deviceId: string } | undefined;
  /** The hubs to choose from. */
  readonly hubs: readonly LinkedHub[];
}

/** What the webhook is asked about a device, exactly as in section 8.3. */
export function allocationRequest(question: AllocationQuestion, certificates: CertificateCache): AllocationRequest {
  const { enrollment, hubs } = question;
  const form = enrollmentForm(enrollment, certificates);
  return {
    ...(enrollment.kind === "individual" ? { individualEnrollment: form } : { enrollmentGroup: form }),
    deviceRuntimeContext: runtimeContext(question, certificates),
    linkedHubs: hubs.map((hub) => hub.host),
  };
}

function runtimeContext(question: AllocationQuestion, certificates: CertificateCache): DeviceRuntimeContext {
  const { request, current } = question;
  const payload = request.body?.payload;
  return {
    registrationId: request.registrationId,
    ...(current && { currentIotHubHostName: current.hub, currentDeviceId: current.deviceId }),
    ...attestationMember(question, certificates),
    ...(payload !== undefined && { payload }),
  };
}

function attestationMember(
  { request, proof, attestation }: AllocationQuestion,
  certificates: CertificateCache,
): Pick<DeviceRuntimeContext, "x509" | "symmetricKey" | "tpm"> {
  if (proof.kind === "tpm") {
    const { endorsementKey, storageRootKey } = proof;
    return {
      tpm: { endorsementKey: endorsementKey.toString("base64"), storageRootKey: storageRootKey.toString("base64") },
    };
  }
  if (attestation === "symmetricKey") return { symmetricKey: {} };
  const [leaf] = request.connection.presented();
  // The documentation calls it "certificate details"; the members are those of the service API.
  return { x509: leaf ? { certificateInfo: { ...certificateInfo(certificates.read(leaf)) } } : {} };
}

/** The enrollment without its keys, and with the webhook's address masked. */
function enrollmentForm(enrollment: EnrollmentRecord, certificates: CertificateCache): JsonObject {
  const { customAllocationDefinition: custom, reprovisionPolicy, initialTwin } = enrollment;
  const deviceId = enrollment.kind === "individual" ? enrollment.deviceId : undefined;
  return {
    ...(enrollment.kind === "individual"
      ? { registrationId: enrollment.registrationId }
      : { enrollmentGroupId: enrollment.enrollmentGroupId }),
    ...(deviceId !== undefined && { deviceId }),
    attestation: attestationForm(enrollment, certificates),
    capabilities: { iotEdge: enrollment.iotEdge },
    initialTwin: { tags: initialTwin.tags, properties: { desired: initialTwin.desired } },
    etag: quotedEtag(enrollment.etag),
    provisioningStatus: enrollment.provisioningStatus,
    reprovisionPolicy: { ...(reprovisionPolicy ?? { updateHubAssignment: true, migrateDeviceData: true }) },
    createdDateTimeUtc: formatDate(new Date(enrollment.createdAt)),
    lastUpdatedDateTimeUtc: formatDate(new Date(enrollment.updatedAt)),
    ...(enrollment.allocationPolicy && { allocationPolicy: enrollment.allocationPolicy }),
    iotHubs: [...enrollment.iotHubs],
    ...(custom && {
      customAllocationDefinition: {
        webhookUrl: maskedWebhookUrl(custom.webhookUrl),
        apiVersion: custom.apiVersion,
      },
    }),
  };
}

function attestationForm({ attestation }: EnrollmentRecord, certificates: CertificateCache): JsonObject {
  if (attestation.type === "symmetricKey") return { type: "symmetricKey" };
  if (attestation.type === "tpm") {
    const { endorsementKey, storageRootKey } = attestation;
    return { type: "tpm", tpm: { endorsementKey, ...(storageRootKey !== undefined && { storageRootKey }) } };
  }
  if (attestation.holds === "caReferences") {
    const { primaryName, secondaryName } = attestation;
    const caReferences = { primary: primaryName, ...(secondaryName !== undefined && { secondary: secondaryName }) };
    return { type: "x509", x509: { caReferences } };
  }
  const { holds, primary, secondary } = attestation;
  const pair = {
    primary: certificateForm(primary, certificates),
    ...(secondary && { secondary: certificateForm(secondary, certificates) }),
  };
  return { type: "x509", x509: { [holds]: pair } };
}

function certificateForm({ der, thumbprint }: EnrolledCertificate, certificates: CertificateCache): Json {
  if (der === undefined) return { info: { sha256Thumbprint: thumbprint } };
  return { info: { ...certificateInfo(certificates.read(Buffer.from(der, "base64"))) } };
}

/** With inner quotes, as the documentation's sample has it; records keep the base64 of that, or plain text. */
function quotedEtag(etag: string): string {
  const decoded = Buffer.from(etag, "base64").toString("latin1");
  return /^"[!-~]*"$/.test(decoded) ? decoded : `"${etag.replaceAll('"', "")}"`;
}
