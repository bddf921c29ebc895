import type { AllocationPolicy, EnrollmentKind, Json, JsonObject, ProvisioningStatus } from "@rollcall/protocol";
import { enrollmentKinds, operatorRoutes, serviceRoutes } from "@rollcall/protocol/service-routes";
import { type Ask, ask, type Route, send } from "./client.js";

/** Section 7.4 of the wire notes, as far as the page looks at it; what it does not know goes back as it came. */
export interface CertificateInfo {
  readonly subjectName?: string;
  readonly issuerName?: string;
  readonly notBeforeUtc?: string;
  readonly notAfterUtc?: string;
  readonly serialNumber?: string;
  readonly sha1Thumbprint?: string;
  readonly sha256Thumbprint?: string;
}
export interface CertificateSlot {
  readonly certificate?: string | null;
  readonly info?: CertificateInfo | null;
}
export interface CertificatePair {
  readonly primary?: CertificateSlot | null;
  readonly secondary?: CertificateSlot | null;
}
export interface X509 {
  readonly clientCertificates?: CertificatePair | null;
  readonly signingCertificates?: CertificatePair | null;
  readonly caReferences?: { readonly primary?: string | null; readonly secondary?: string | null } | null;
}
export interface Attestation {
  readonly type: "x509" | "symmetricKey" | "tpm" | "none";
  readonly x509?: X509 | null;
  readonly tpm?: { readonly endorsementKey?: string; readonly storageRootKey?: string | null } | null;
  readonly symmetricKey?: { readonly primaryKey?: string | null; readonly secondaryKey?: string | null } | null;
}
export interface RegistrationState {
  readonly registrationId: string;
  readonly assignedHub?: string;
  readonly deviceId?: string;
  readonly status?: string;
  readonly substatus?: string;
  readonly errorCode?: number;
  readonly errorMessage?: string;
  readonly createdDateTimeUtc?: string;
  readonly lastUpdatedDateTimeUtc?: string;
  readonly etag?: string;
  readonly payload?: Json;
}
export interface Enrollment {
  readonly registrationId?: string;
  readonly enrollmentGroupId?: string;
  readonly deviceId?: string | null;
  readonly attestation: Attestation;
  readonly capabilities?: { readonly iotEdge?: boolean } | null;
  readonly iotHubHostName?: string | null;
  readonly iotHubs?: readonly string[] | null;
  readonly allocationPolicy?: AllocationPolicy | null;
  readonly customAllocationDefinition?: { readonly webhookUrl?: string; readonly apiVersion?: string } | null;
  readonly initialTwin?: {
    readonly tags?: JsonObject | null;
    readonly properties?: { readonly desired?: JsonObject | null } | null;
  } | null;
  readonly reprovisionPolicy?: { readonly updateHubAssignment: boolean; readonly migrateDeviceData: boolean } | null;
  readonly provisioningStatus?: ProvisioningStatus;
  readonly registrationState?: RegistrationState | null;
  readonly createdDateTimeUtc?: string;
  readonly lastUpdatedDateTimeUtc?: string;
  readonly etag?: string;
}

export interface List<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly next?: string;
}

interface KindRoutes {
  readonly get: Route;
  readonly put: Route;
  readonly delete: Route;
  readonly list: Route;
  readonly mechanism: Route;
}

const kinds: Readonly<Record<EnrollmentKind, KindRoutes>> = {
  individual: {
    get: serviceRoutes.getEnrollment,
    put: serviceRoutes.putEnrollment,
    delete: serviceRoutes.deleteEnrollment,
    list: operatorRoutes.listEnrollments,
    mechanism: serviceRoutes.getEnrollmentMechanism,
  },
  group: {
    get: serviceRoutes.getGroup,
    put: serviceRoutes.putGroup,
    delete: serviceRoutes.deleteGroup,
    list: operatorRoutes.listGroups,
    mechanism: serviceRoutes.getGroupMechanism,
  },
};

/** The version of the service API that this page speaks. */
const query = { "api-version": "2021-10-01" };
const itsEtag = (etag: string | undefined): Pick<Ask, "headers"> =>
  etag === undefined ? {} : { headers: { "if-match": `"${etag.replace(/^"|"$/g, "")}"` } };

/** The id of an enrollment of this kind. */
export function idOf(kind: EnrollmentKind, enrollment: Enrollment): string {
  return enrollment[enrollmentKinds[kind].id] ?? "";
}

export interface ListFilter {
  readonly search?: string | undefined;
  readonly status?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

export function listEnrollments(kind: EnrollmentKind, filter: ListFilter, signal?: AbortSignal) {
  return ask<List<Enrollment>>(kinds[kind].list, { query: { ...filter }, signal });
}

export function getEnrollment(kind: EnrollmentKind, id: string, signal?: AbortSignal) {
  return ask<Enrollment>(kinds[kind].get, { params: { id }, query, signal });
}

/** Creates, and only that: ApiError with status 409 where the id exists, and nothing is replaced. */
export function createEnrollment(kind: EnrollmentKind, id: string, body: Enrollment) {
  return ask<Enrollment>(kinds[kind].put, { params: { id }, query, body });
}

/** Replaces the version that has this etag; ApiError with status 412 when it is another by now. */
export function replaceEnrollment(kind: EnrollmentKind, id: string, body: Enrollment, etag: string | undefined) {
  return ask<Enrollment>(kinds[kind].put, { params: { id }, query, body, ...itsEtag(etag) });
}

export async function deleteEnrollment(kind: EnrollmentKind, id: string, etag?: string): Promise<void> {
  await send(kinds[kind].delete, { params: { id }, query, ...itsEtag(etag) });
}

/** With keys. */
export function getMechanism(kind: EnrollmentKind, id: string) {
  return ask<Attestation>(kinds[kind].mechanism, { params: { id }, query });
}

export async function deleteRegistration(id: string, etag?: string): Promise<void> {
  await send(serviceRoutes.deleteRegistration, { params: { id }, query, ...itsEtag(etag) });
}

/** Registration records of a group, a page at a time. */
export async function listRegistrations(
  id: string,
  { after, limit }: { after?: string | undefined; limit: number },
  signal?: AbortSignal,
): Promise<List<RegistrationState>> {
  const headers = {
    "x-ms-max-item-count": String(limit),
    ...(after !== undefined && { "x-ms-continuation": after }),
  };
  const response = await send(serviceRoutes.queryRegistrations, { params: { id }, query, headers, signal });
  const next = response.headers.get("x-ms-continuation");
  // A cast: as in `ask`.
  const items = (await response.json()) as readonly RegistrationState[];
  return { items, ...(next !== null && { next }) };
}
