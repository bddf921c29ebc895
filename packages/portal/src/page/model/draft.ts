import type { AllocationPolicy, AttestationKind, ProvisioningStatus } from "@rollcall/protocol";
import { SERVICE_API_VERSION } from "@rollcall/protocol/api-versions";
import { DEFAULT_ALLOCATION_POLICY, type Reprovision } from "@rollcall/protocol/words";
import type { Enrollment } from "../api/enrollments.js";

/** The form's values of everything that can be edited in an existing enrollment. */
export interface Settings {
  readonly deviceId: string;
  readonly iotHubs: readonly string[];
  /** Empty: the service's default. */
  readonly allocationPolicy: AllocationPolicy;
  readonly webhookUrl: string;
  readonly webhookApiVersion: string;
  readonly reprovision: Reprovision;
  /** JSON text. */
  readonly twin: string;
  readonly status: ProvisioningStatus;
  readonly iotEdge: boolean;
}

/** Credentials as typed or chosen. `mechanism` and, for groups, `x509Source` decide which of them are used. */
export interface Credentials {
  readonly mechanism: AttestationKind;
  readonly x509Source: "certificates" | "caReferences";
  readonly primaryCertificate: string;
  readonly secondaryCertificate: string;
  readonly primaryReference: string;
  readonly secondaryReference: string;
  readonly endorsementKey: string;
  readonly generateKeys: boolean;
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/** The form's values of a new enrollment. */
export interface Draft extends Settings, Credentials {
  readonly id: string;
}
export type Field = keyof Draft | "form";
/** Faults as sentences, by field. */
export type Faults = Partial<Readonly<Record<Field, string>>>;

/** Marks a chosen file that is unusable or not read yet, so that the form does not silently leave it out. */
export const unusableFile = "\0";

const emptyTwin = formatJson({ tags: {}, properties: { desired: {} } });

export const emptyCredentials: Credentials = {
  mechanism: "x509",
  x509Source: "certificates",
  primaryCertificate: "",
  secondaryCertificate: "",
  primaryReference: "",
  secondaryReference: "",
  endorsementKey: "",
  generateKeys: true,
  primaryKey: "",
  secondaryKey: "",
};

export function emptyDraft(iotHubs: readonly string[]): Draft {
  return {
    ...emptyCredentials,
    id: "",
    deviceId: "",
    iotHubs,
    allocationPolicy: DEFAULT_ALLOCATION_POLICY,
    webhookUrl: "",
    webhookApiVersion: SERVICE_API_VERSION,
    reprovision: "migrate",
    twin: emptyTwin,
    status: "enabled",
    iotEdge: false,
  };
}

/** The editable settings of an enrollment. */
export function settingsOf(enrollment: Enrollment): Settings {
  const { customAllocationDefinition: custom, initialTwin, reprovisionPolicy } = enrollment;
  return {
    deviceId: enrollment.deviceId ?? "",
    iotHubs: enrollment.iotHubs ?? (enrollment.iotHubHostName ? [enrollment.iotHubHostName] : []),
    allocationPolicy: enrollment.allocationPolicy,
    webhookUrl: custom?.webhookUrl ?? "",
    webhookApiVersion: custom?.apiVersion ?? SERVICE_API_VERSION,
    reprovision: reprovisionOf(reprovisionPolicy),
    twin: initialTwin ? formatJson(initialTwin) : emptyTwin,
    status: enrollment.provisioningStatus ?? "enabled",
    iotEdge: enrollment.capabilities?.iotEdge ?? false,
  };
}

/** Absent means migrate (wire.md#reprovisioning). */
export function reprovisionOf(policy: Enrollment["reprovisionPolicy"]): Reprovision {
  if (!policy) return "migrate";
  if (!policy.updateHubAssignment) return "never";
  return policy.migrateDeviceData ? "migrate" : "reset";
}

export function formatJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
