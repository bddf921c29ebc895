import { limits } from "./limits.js";

/**
 * Source of a row: seen in SDK source or on the wire, documented, or chosen here because the cloud's answer is unknown.
 */
type Provenance = "seen" | "documented" | "ours";

interface ErrorRow {
  readonly code: number;
  readonly status: number;
  readonly message: string;
  readonly provenance: Provenance;
}

/** Every error that a caller can see (wire.md#error-body, wire.md#error-codes): one row each. */
export const dpsErrors = {
  badRequest: { code: 400004, status: 400, message: "The request is invalid.", provenance: "ours" },
  invalidRegistrationId: { code: 400004, status: 400, message: "Invalid RegistrationId", provenance: "seen" },
  invalidEndorsementKey: {
    code: 400004,
    status: 400,
    message: "Endorsement key is invalid, or does not match the Enrollment.",
    provenance: "seen",
  },
  customAllocationFailed: { code: 400207, status: 400, message: "Custom allocation failed.", provenance: "seen" },
  // CustomAllocationIotHubNotSpecified in how-to-use-custom-allocation-policies.md; the text is ours.
  hubNotSpecified: {
    code: 400208,
    status: 400,
    message: "Custom allocation named no IoT hub.",
    provenance: "documented",
  },
  // CustomAllocationUnauthorizedAccess on the same page; the text was seen in iotedge#3233 and iotedge#7411.
  customAllocationUnauthorized: {
    code: 400209,
    status: 400,
    message: "Custom allocation failed with status code: 401",
    provenance: "seen",
  },
  hubRefused: { code: 400209, status: 400, message: "The IoT hub refused the device.", provenance: "seen" },
  serviceTokenInvalid: { code: 401000, status: 401, message: "Unauthorized", provenance: "seen" },
  // A live test of the azure-iot CLI extension: what a registration comes to when no hub is linked.
  iotHubNotFound: { code: 401001, status: 401, message: "IoTHub not found.", provenance: "seen" },
  unauthorized: { code: 401002, status: 401, message: "Unauthorized", provenance: "seen" },
  invalidCertificate: { code: 401002, status: 401, message: "Invalid certificate.", provenance: "seen" },
  caNotFound: { code: 401002, status: 401, message: "CA certificate not found.", provenance: "seen" },
  notLocal: { code: 403000, status: 403, message: "Forbidden", provenance: "ours" },
  quotaExceeded: { code: 403001, status: 403, message: "Quota exceeded.", provenance: "ours" },
  enrollmentNotFound: { code: 404201, status: 404, message: "Enrollment not found.", provenance: "seen" },
  enrollmentGroupNotFound: { code: 404202, status: 404, message: "Enrollment group not found.", provenance: "ours" },
  registrationNotFound: { code: 404201, status: 404, message: "Registration not found.", provenance: "seen" },
  certificateNotFound: { code: 404204, status: 404, message: "Certificate not found.", provenance: "ours" },
  deviceNotFound: { code: 404001, status: 404, message: "Device not found.", provenance: "ours" },
  operationNotFound: { code: 404203, status: 404, message: "Operation not found.", provenance: "ours" },
  routeNotFound: { code: 404000, status: 404, message: "Resource not found.", provenance: "ours" },
  methodNotAllowed: { code: 405000, status: 405, message: "Method not allowed.", provenance: "documented" },
  conflict: { code: 409203, status: 409, message: "Precondition failed.", provenance: "seen" },
  // 409 was seen (azure-iot-sdk-csharp#3076, azure-sdk-for-python#35187); which number stands in it was not.
  alreadyExists: { code: 409201, status: 409, message: "Already exists.", provenance: "ours" },
  groupAlreadyExists: { code: 409202, status: 409, message: "Already exists.", provenance: "ours" },
  inUse: { code: 409204, status: 409, message: "The resource is in use.", provenance: "ours" },
  // The numbers of 412, 429 and 500 stand in ErrorCode.cs of the early .NET service SDK.
  preconditionFailed: { code: 412001, status: 412, message: "Precondition failed.", provenance: "documented" },
  payloadTooLarge: {
    code: 413000,
    status: 413,
    message: `The message is larger than ${limits.messageBytes / 1024} KB.`,
    provenance: "ours",
  },
  throttled: { code: 429001, status: 429, message: "Too many requests.", provenance: "documented" },
  internal: { code: 500001, status: 500, message: "internal error", provenance: "documented" },
} as const satisfies Record<string, ErrorRow>;

export type DpsErrorKind = keyof typeof dpsErrors;

/** An error for a caller; the front end that catches it sends the wire form of `dpsErrors[kind]`. */
export class DpsError extends Error {
  override readonly name = "DpsError";
  readonly kind: DpsErrorKind;
  /** Copied into the body: `path` of the invalid member, `position` in a query. Never a secret. */
  readonly info: Readonly<Record<string, string>> | undefined;
  constructor(
    kind: DpsErrorKind,
    detail?: string,
    options?: ErrorOptions & { readonly info?: Readonly<Record<string, string>> },
  ) {
    super(detail ?? dpsErrors[kind].message, options);
    this.kind = kind;
    this.info = options?.info;
  }
}

/** UTC with seven fractional digits and `Z`, as the service writes dates (wire.md#dates). */
export function formatDate(date: Date): string {
  return date.toISOString().replace("Z", "0000Z");
}
