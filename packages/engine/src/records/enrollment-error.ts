/** An invalid enrollment: `path` names the member, such as `enrollments.3.attestation.tpm.endorsementKey`. */
export class EnrollmentError extends Error {
  override readonly name = "EnrollmentError";
  readonly path: string;
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}
