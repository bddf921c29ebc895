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

/** A part of a list. `after` is what the page before gave as `next`. */
export interface OperatorPage {
  readonly limit?: number;
  readonly after?: string;
}

/** `next` is absent on the last page. */
export interface OperatorList<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** Which enrollments a list for people holds. */
export interface ListFilter {
  /** A part of the id. */
  readonly search?: string;
  readonly status?: EnrollmentStatus;
  /** `SELECT …`, instead of the two others. */
  readonly query?: string;
}

/** One entry of a bulk answer (wire.md#bulk). */
export interface BulkError extends BulkAnswerError {
  readonly id: string;
}

/** An enrollment of either kind, as it is answered. */
export type EnrollmentAnswer = EnrolledIndividual | EnrolledGroup;

/**
 * The operator's half of the service: enrollments, registrations and CA certificates, in the wire form of wire.md#objects. Knows no
 * HTTP. `body` is parsed JSON of a stranger; every method throws DpsError for what it will not do, with the path of the
 * offending member in the message and in `info`. `ifMatch` as in the header: quoted or not, `*` for any that exists.
 */
export interface Operator {
  counts(): Promise<Counts>;
  enrollment(kind: EnrollmentKind, id: string): Promise<EnrollmentAnswer>;
  /** Creates; a failed precondition where there is one already, which stays as it is. */
  createEnrollment(kind: EnrollmentKind, id: string, body: unknown): Promise<EnrollmentAnswer>;
  /**
   * Without `ifMatch` it creates, and where the id exists that is a conflict: 409201 for an individual enrollment, 409202 for a group
   * (azure-iot-sdk-csharp#3076, azure-sdk-for-python#35187). With it, it replaces what has that etag.
   */
  putEnrollment(kind: EnrollmentKind, id: string, body: unknown, ifMatch?: string): Promise<EnrollmentAnswer>;
  deleteEnrollment(kind: EnrollmentKind, id: string, ifMatch?: string): Promise<void>;
  /** At most ten of them; each succeeds or fails by itself. */
  bulk(kind: EnrollmentKind, body: unknown): Promise<{ isSuccessful: boolean; errors: readonly BulkError[] }>;
  /** `SELECT * FROM enrollments …`; the body is a QuerySpecification. Its entries have no `registrationState`. */
  query(kind: EnrollmentKind, body: unknown, page: OperatorPage): Promise<OperatorList<EnrollmentAnswer>>;
  /** The queries that were not understood and answered with everything; at most a hundred texts. */
  ignoredQueries(): readonly IgnoredQuery[];
  /** For pages that people look at; entries are as GET gives them. A query that is not understood is a 400. */
  list(kind: EnrollmentKind, filter: ListFilter, page: OperatorPage): Promise<OperatorList<EnrollmentAnswer>>;
  /** With keys. */
  attestationMechanism(kind: EnrollmentKind, id: string): Promise<EnrolledMechanism>;

  registration(registrationId: string): Promise<RegistrationState>;
  deleteRegistration(registrationId: string, ifMatch?: string): Promise<void>;
  registrationsOfGroup(enrollmentGroupId: string, page: OperatorPage): Promise<OperatorList<RegistrationState>>;
}

/**
 * CA certificates that groups refer to by name, and their proof of possession (wire.md#proof-of-possession). Throws
 * DpsError as `Operator` does.
 */
export interface CertificateOperator {
  certificates(): Promise<readonly CaCertificate[]>;
  certificate(name: string): Promise<CaCertificate>;
  /** `{certificate, isVerified?}`; a name that is taken is a conflict. */
  createCertificate(name: string, body: unknown): Promise<CaCertificate>;
  /** The certificate, with a new `properties.verificationCode`. */
  verificationCode(name: string, ifMatch?: string): Promise<CaCertificate>;
  verifyCertificate(name: string, body: unknown, ifMatch?: string): Promise<CaCertificate>;
  /** A conflict while a group refers to it. */
  deleteCertificate(name: string, ifMatch?: string): Promise<void>;
}
