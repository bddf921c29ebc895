/** Permissions of a shared access policy (wire.md#policies). */
export const permissions = [
  "ServiceConfig",
  "EnrollmentRead",
  "EnrollmentWrite",
  "RegistrationStatusRead",
  "RegistrationStatusWrite",
] as const;
export type Permission = (typeof permissions)[number];

/**
 * The two kinds of enrollment; everything that differs between them on the wire stands here. The C service SDK compares item types
 * with their case (azure-iot-sdk-c `provisioning_sc_models_serializer.h`).
 */
export const enrollmentKinds = {
  individual: { collection: "enrollments", id: "registrationId", itemType: "Enrollment" },
  group: { collection: "enrollmentGroups", id: "enrollmentGroupId", itemType: "EnrollmentGroup" },
} as const;
export type EnrollmentKind = keyof typeof enrollmentKinds;
/** `x-ms-item-type` of registrations. */
export const REGISTRATION_ITEM_TYPE = "DeviceRegistration";

interface ServiceRouteRow {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Segments are matched without case (wire.md#service-routes). */
  readonly path: string;
  readonly permission: Permission;
  readonly kind?: EnrollmentKind;
}

/**
 * The service API (wire.md#service-routes), as the official service SDKs use it. The HTTPS listener authenticates by
 * shared access signature, the dashboard listener by the management token.
 */
export const serviceRoutes = {
  getEnrollment: { method: "GET", path: "/enrollments/:id", permission: "EnrollmentRead", kind: "individual" },
  putEnrollment: { method: "PUT", path: "/enrollments/:id", permission: "EnrollmentWrite", kind: "individual" },
  deleteEnrollment: { method: "DELETE", path: "/enrollments/:id", permission: "EnrollmentWrite", kind: "individual" },
  bulkEnrollments: { method: "POST", path: "/enrollments", permission: "EnrollmentWrite", kind: "individual" },
  queryEnrollments: { method: "POST", path: "/enrollments/query", permission: "EnrollmentRead", kind: "individual" },
  getEnrollmentMechanism: {
    method: "POST",
    path: "/enrollments/:id/attestationmechanism",
    // Write permission, since the answer contains keys (wire.md#policies).
    permission: "EnrollmentWrite",
    kind: "individual",
  },
  getGroup: { method: "GET", path: "/enrollmentGroups/:id", permission: "EnrollmentRead", kind: "group" },
  putGroup: { method: "PUT", path: "/enrollmentGroups/:id", permission: "EnrollmentWrite", kind: "group" },
  deleteGroup: { method: "DELETE", path: "/enrollmentGroups/:id", permission: "EnrollmentWrite", kind: "group" },
  bulkGroups: { method: "POST", path: "/enrollmentGroups", permission: "EnrollmentWrite", kind: "group" },
  queryGroups: { method: "POST", path: "/enrollmentGroups/query", permission: "EnrollmentRead", kind: "group" },
  getGroupMechanism: {
    method: "POST",
    path: "/enrollmentGroups/:id/attestationmechanism",
    permission: "EnrollmentWrite",
    kind: "group",
  },
  getRegistration: { method: "GET", path: "/registrations/:id", permission: "RegistrationStatusRead" },
  deleteRegistration: { method: "DELETE", path: "/registrations/:id", permission: "RegistrationStatusWrite" },
  queryRegistrations: { method: "POST", path: "/registrations/:id/query", permission: "RegistrationStatusRead" },
} as const satisfies Record<string, ServiceRouteRow>;
export type ServiceRoute = keyof typeof serviceRoutes;

/**
 * Further routes for the portal and the command line: on the dashboard listener only, with the management token.
 * Members of CA certificates have the names of the cloud's management plane (wire.md#proof-of-possession).
 */
export const operatorRoutes = {
  /** `{individualEnrollments, enrollmentGroups, registrations, certificates}`. */
  counts: { method: "GET", path: "/counts" },
  /**
   * `?search=&status=&limit=&after=` → `{items, next?}`; items as GET of the service API gives them, with `registrationState`.
   * `?query=SELECT …&limit=&after=` chooses by a query instead, and what is not understood in it is always a 400.
   */
  listEnrollments: { method: "GET", path: "/enrollments" },
  listGroups: { method: "GET", path: "/enrollmentGroups" },
  /** `[{collection, query, title, remedy, …}]`: queries of the service API that were not understood, and answered with everything. */
  ignoredQueries: { method: "GET", path: "/ignoredQueries" },
  listCertificates: { method: "GET", path: "/certificates" },
  getCertificate: { method: "GET", path: "/certificates/:name" },
  /** `{certificate, isVerified?}`: creates a certificate and never replaces one. */
  putCertificate: { method: "PUT", path: "/certificates/:name" },
  deleteCertificate: { method: "DELETE", path: "/certificates/:name" },
  generateVerificationCode: { method: "POST", path: "/certificates/:name/generateVerificationCode" },
  /** `{certificate}`: its common name is the code, and the CA's key signed it. */
  verifyCertificate: { method: "POST", path: "/certificates/:name/verify" },
  /**
   * `[{host, weight, applyAllocationPolicy, latency?, linked, devices}]`: linked hubs, and hubs that still have
   * devices.
   */
  listHubs: { method: "GET", path: "/hubs" },
  /** `?search=&limit=&after=` → `{items, next?}` of `{deviceId, registrationId, authenticationType, x509Thumbprint, status, createdDateTimeUtc, iotEdge, connectionState}`. */
  listDevices: { method: "GET", path: "/hubs/:hub/devices" },
  getTwin: { method: "GET", path: "/hubs/:hub/devices/:deviceId/twin" },
  /**
   * `{properties: {desired: …}, tags: …}`: merge patches of either or both, all or nothing. Devices that subscribed are
   * notified.
   */
  patchTwin: { method: "PATCH", path: "/hubs/:hub/devices/:deviceId/twin" },
  deleteDevice: { method: "DELETE", path: "/hubs/:hub/devices/:deviceId" },
  /** `{certificate}` → the facts read from it, or 400 with the reason; nothing is stored. */
  inspectCertificate: { method: "POST", path: "/inspect/certificate" },
  /** `{endorsementKey}` → `{registrationId, …}`; nothing is stored. */
  inspectEndorsementKey: { method: "POST", path: "/inspect/endorsementKey" },
  /** Every record of the instance, one JSON value per line, for `rollcall export`. Contains keys. */
  exportRecords: { method: "GET", path: "/export" },
  /**
   * The same lines, arrays as `az iot dps enrollment list` prints them, or a seed file; `?overwrite=&generateKeys=` →
   * `{format, imported, notes}`. Imports all records or none.
   */
  importRecords: { method: "POST", path: "/import" },
} as const;
export type OperatorRoute = keyof typeof operatorRoutes;
