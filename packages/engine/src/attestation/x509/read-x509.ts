import { type AttestationMechanism, type EnrollmentKind, idKey } from "@rollcall/protocol";
import type { AttestationRecord } from "../../records/attestation-record.js";
import { EnrollmentError } from "../../records/enrollment-error.js";
import type { AttestationReading } from "../judging/attestation.js";
import { certificatesOf } from "./certificates-of.js";
import { authorityOf, readEnrolled } from "./read-enrolled.js";

/** The member with the certificates of the other kind of enrollment, and the error for it. */
const foreign = {
  individual: {
    member: "signingCertificates",
    message: "an individual enrollment takes clientCertificates; signing certificates belong to a group",
  },
  group: {
    member: "clientCertificates",
    message: "a group takes signingCertificates; client certificates belong to an individual enrollment",
  },
} as const satisfies Record<EnrollmentKind, unknown>;

/** Throws EnrollmentError for a pair of certificates that belongs to the other kind of enrollment. */
export function refuse({ x509 }: AttestationMechanism<"x509">, kind: EnrollmentKind): void {
  const { member, message } = foreign[kind];
  if (x509?.[member]) throw new EnrollmentError(`attestation.x509.${member}`, message);
}

/** Makes the stored form. Throws EnrollmentError with the path from the enrollment on. */
export function read(
  { x509: source }: AttestationMechanism<"x509">,
  reading: AttestationReading<"x509">,
): AttestationRecord<"x509"> {
  const { existing } = reading;
  if (!source) {
    if (existing) return existing;
    throw new EnrollmentError("attestation.x509", "has no certificate");
  }
  const { clientCertificates, signingCertificates, caReferences } = source;
  if (caReferences) return readReferences(caReferences, reading);
  const holds = clientCertificates ? ("clientCertificates" as const) : ("signingCertificates" as const);
  const pair = clientCertificates ?? signingCertificates;
  if (!pair) throw new EnrollmentError("attestation.x509", "has no certificate");
  const path = `attestation.x509.${holds}`;
  const stored = existing?.holds === holds ? certificatesOf(existing) : [];
  const read = (member: "primary" | "secondary") => {
    const source = pair[member];
    return source && { [member]: readEnrolled(source, { path: `${path}.${member}`, holds, stored }) };
  };
  return { type: "x509", holds, ...read("primary"), ...read("secondary") };
}

function readReferences(
  source: { primary?: string | null | undefined; secondary?: string | null | undefined },
  { authorities }: AttestationReading<"x509">,
): AttestationRecord<"x509"> {
  const resolve = (name: string, member: string) =>
    authorityOf(name, authorities?.get(idKey(name)), `attestation.x509.caReferences.${member}`);
  const { primary, secondary } = source;
  return {
    type: "x509",
    holds: "caReferences",
    ...(primary && { primaryName: primary, primary: resolve(primary, "primary") }),
    ...(secondary && { secondaryName: secondary, secondary: resolve(secondary, "secondary") }),
  };
}
