import { type AttestationMechanism, decodeBase64, idKey, limits } from "@rollcall/protocol";
import { parseTpm2bPublic } from "tpm-js-sim/credential";
import { endorsementKeyHash } from "../attestation/tpm/tpm.js";
import { type AttestationRecord, certificatesOf } from "../records/attestation-record.js";
import type { CaCertificateRecord, Random } from "../records/ports.js";
import { EnrollmentError } from "./enrollment-error.js";
import { authorityOf, readEnrolled } from "./read-enrolled.js";

/** What reading an attestation needs besides it. */
export interface AttestationReading {
  readonly random: Random;
  /** What is stored: credentials that an update leaves out stay. */
  readonly existing?: AttestationRecord | undefined;
  /** The uploaded CA certificates that the enrollment names, by `idKey` of the name. */
  readonly authorities?: ReadonlyMap<string, CaCertificateRecord>;
  /** What one symmetric key without the other is at creation: refused by the service API; a seed gets the other generated. */
  readonly loneKey?: "generate";
}

type SymmetricKeys = Extract<AttestationMechanism, { type: "symmetricKey" }>["symmetricKey"];
type X509 = NonNullable<Extract<AttestationMechanism, { type: "x509" }>["x509"]>;
type Stored<T extends AttestationRecord["type"]> = Extract<AttestationRecord, { type: T }> | undefined;

/** Makes the stored form of an attestation. Throws EnrollmentError with the path from the enrollment on. */
export function readAttestation(source: AttestationMechanism, reading: AttestationReading): AttestationRecord {
  const { existing } = reading;
  if (existing && existing.type !== source.type) {
    throw new EnrollmentError(
      "attestation.type",
      `cannot be changed from ${existing.type} to ${source.type}; delete the enrollment and create it again`,
    );
  }
  if (source.type === "symmetricKey") {
    return readKeys(source.symmetricKey, existing?.type === "symmetricKey" ? existing : undefined, reading);
  }
  if (source.type === "tpm") return readTpm(source.tpm);
  return readX509(source.x509, existing?.type === "x509" ? existing : undefined, reading);
}

function readKeys(
  source: SymmetricKeys,
  existing: Stored<"symmetricKey">,
  { random, loneKey }: AttestationReading,
): AttestationRecord {
  const primaryKey = source?.primaryKey || existing?.primaryKey;
  const secondaryKey = source?.secondaryKey || existing?.secondaryKey;
  if (primaryKey && secondaryKey) return { type: "symmetricKey", primaryKey, secondaryKey };
  if ((primaryKey || secondaryKey) && loneKey !== "generate") {
    const missing = primaryKey ? "secondaryKey" : "primaryKey";
    throw new EnrollmentError(`attestation.symmetricKey.${missing}`, "is missing: give both keys or neither");
  }
  const fresh = () => random(limits.symmetricKeyBytes.max).toString("base64");
  return { type: "symmetricKey", primaryKey: primaryKey || fresh(), secondaryKey: secondaryKey || fresh() };
}

function readTpm(source: { endorsementKey: string; storageRootKey?: string | null | undefined }): AttestationRecord {
  const path = "attestation.tpm.endorsementKey";
  const bytes = decodeBase64(source.endorsementKey);
  if (!bytes) throw new EnrollmentError(path, "is not base64");
  const parsed = parseTpm2bPublic(bytes, { allowEcc: true });
  if (parsed.kind !== "usable") {
    const problems = parsed.problems
      .map((problem) => `${problem.field} at byte ${problem.offset}: ${problem.message}`)
      .join("; ");
    throw new EnrollmentError(path, `is not an endorsement key (TPM2B_PUBLIC): ${problems}`);
  }
  const { endorsementKey, storageRootKey } = source;
  return {
    type: "tpm",
    endorsementKey,
    endorsementKeyHash: endorsementKeyHash(bytes),
    ...(storageRootKey && { storageRootKey }),
  };
}

function readX509(
  source: X509 | null | undefined,
  existing: Stored<"x509">,
  reading: AttestationReading,
): AttestationRecord {
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
  { authorities }: AttestationReading,
): AttestationRecord {
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
