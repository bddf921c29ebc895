/** What a shared access policy may allow (wire.md#policies). */
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
 * The service API (wire.md#service-routes): on the HTTPS listener by shared access signature, as the official service SDKs speak it, and
 * the same on the dashboard listener for holders of the management token.
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
    // It reveals keys (wire.md#policies).
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
 * What the portal and the command line need besides: on the dashboard listener only, for holders of the management token. CA
 * certificates have the names that they have in the cloud's management plane (wire.md#proof-of-possession).
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
  /** `{certificate, isVerified?}`: creates; what is there is not replaced. */
  putCertificate: { method: "PUT", path: "/certificates/:name" },
  deleteCertificate: { method: "DELETE", path: "/certificates/:name" },
  generateVerificationCode: { method: "POST", path: "/certificates/:name/generateVerificationCode" },
  /** `{certificate}`: one whose common name is the code, signed with the CA's key. */
  verifyCertificate: { method: "POST", path: "/certificates/:name/verify" },
  /** `[{host, weight, applyAllocationPolicy, latency?, linked, devices}]`: linked ones, and those that still have devices. */
  listHubs: { method: "GET", path: "/hubs" },
  /** `?search=&limit=&after=` → `{items, next?}` of `{deviceId, registrationId, authenticationType, x509Thumbprint, status, createdDateTimeUtc, iotEdge, connectionState}`. */
  listDevices: { method: "GET", path: "/hubs/:hub/devices" },
  getTwin: { method: "GET", path: "/hubs/:hub/devices/:deviceId/twin" },
  /** `{properties: {desired: …}, tags: …}`: merge patches of either or both, all or nothing; devices that watch are told. */
  patchTwin: { method: "PATCH", path: "/hubs/:hub/devices/:deviceId/twin" },
  deleteDevice: { method: "DELETE", path: "/hubs/:hub/devices/:deviceId" },
  /** `{certificate}` → what was read from it, or 400 with the reason; nothing is stored. */
  inspectCertificate: { method: "POST", path: "/inspect/certificate" },
  /** `{endorsementKey}` → `{registrationId, …}`; nothing is stored. */
  inspectEndorsementKey: { method: "POST", path: "/inspect/endorsementKey" },
  /** Every record of the instance, one JSON value a line: `rollcall export`. Holds keys. */
  exportRecords: { method: "GET", path: "/export" },
  /**
   * The same lines, arrays as `az iot dps enrollment list` prints them, or a seed file; `?overwrite=&generateKeys=` →
   * `{format, imported, notes}`. Nothing is put unless all of it can be.
   */
  importRecords: { method: "POST", path: "/import" },
} as const;
export type OperatorRoute = keyof typeof operatorRoutes;
