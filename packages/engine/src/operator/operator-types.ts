import type {
  BulkError as BulkAnswerError,
  CaCertificate,
  Counts,
  EnrolledGroup,
  EnrolledIndividual,
  EnrolledMechanism,
  EnrollmentKind,
  IgnoredQuery,
  RegistrationState,
} from "@rollcall/protocol";
import type { EnrollmentStatus } from "../records/records.js";

/** A page of a list. `after` is the value of `next` in the page before. */
export interface OperatorPage {
  readonly limit?: number;
  readonly after?: string;
}

/** `next` is absent on the last page. */
export interface OperatorList<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** The filter of a list for people. */
export interface ListFilter {
  /** A part of the id. */
  readonly search?: string;
  readonly status?: EnrollmentStatus;
  /** `SELECT …`, instead of `search` and `status`. */
  readonly query?: string;
}

/** One entry of a bulk answer (wire.md#bulk). */
export interface BulkError extends BulkAnswerError {
  readonly id: string;
}

/** An enrollment of either kind, in the form of an answer. */
export type EnrollmentAnswer = EnrolledIndividual | EnrolledGroup;

/**
 * The functions of the service for operators: enrollments and registrations, in the wire form of wire.md#objects. Uses
 * no HTTP. `body` is parsed JSON of a stranger; every method throws DpsError when it refuses, with the path of the
 * invalid member in the message and in `info`. `ifMatch` as in the header: quoted or not, `*` for any existing version.
 */
export interface Operator {
  counts(): Promise<Counts>;
  enrollment(kind: EnrollmentKind, id: string): Promise<EnrollmentAnswer>;
  /** Creates; if the id exists, throws preconditionFailed, and the enrollment stays unchanged. */
  createEnrollment(kind: EnrollmentKind, id: string, body: unknown): Promise<EnrollmentAnswer>;
  /**
   * Without `ifMatch` it creates, and an existing id is a conflict: 409201 for an individual enrollment, 409202 for a
   * group (azure-iot-sdk-csharp#3076, azure-sdk-for-python#35187). With `ifMatch`, it replaces the version with that
   * etag.
   */
  putEnrollment(kind: EnrollmentKind, id: string, body: unknown, ifMatch?: string): Promise<EnrollmentAnswer>;
  deleteEnrollment(kind: EnrollmentKind, id: string, ifMatch?: string): Promise<void>;
  /** At most ten entries; each succeeds or fails independently. */
  bulk(kind: EnrollmentKind, body: unknown): Promise<{ isSuccessful: boolean; errors: readonly BulkError[] }>;
  /** `SELECT * FROM enrollments …`; the body is a QuerySpecification. Its entries have no `registrationState`. */
  query(kind: EnrollmentKind, body: unknown, page: OperatorPage): Promise<OperatorList<EnrollmentAnswer>>;
  /** The invalid queries that were answered with everything; at most a hundred texts. */
  ignoredQueries(): readonly IgnoredQuery[];
  /** For lists that people look at; entries have the form of GET. An invalid query is a 400. */
  list(kind: EnrollmentKind, filter: ListFilter, page: OperatorPage): Promise<OperatorList<EnrollmentAnswer>>;
  /** The attestation with its keys. */
  attestationMechanism(kind: EnrollmentKind, id: string): Promise<EnrolledMechanism>;

  registration(registrationId: string): Promise<RegistrationState>;
  deleteRegistration(registrationId: string, ifMatch?: string): Promise<void>;
  registrationsOfGroup(enrollmentGroupId: string, page: OperatorPage): Promise<OperatorList<RegistrationState>>;
}

/**
 * CA certificates to which groups refer by name, and their proof of possession (wire.md#proof-of-possession). Throws
 * DpsError like `Operator`.
 */
export interface CertificateOperator {
  certificates(): Promise<readonly CaCertificate[]>;
  certificate(name: string): Promise<CaCertificate>;
  /** `{certificate, isVerified?}`; an existing name is a conflict. */
  createCertificate(name: string, body: unknown): Promise<CaCertificate>;
  /** The certificate, with a new `properties.verificationCode`. */
  verificationCode(name: string, ifMatch?: string): Promise<CaCertificate>;
  verifyCertificate(name: string, body: unknown, ifMatch?: string): Promise<CaCertificate>;
  /** A conflict while an enrollment refers to it. */
  deleteCertificate(name: string, ifMatch?: string): Promise<void>;
}
