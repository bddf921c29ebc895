import { CertificateError } from "@rollcall/pki";
import { type CertificateReading, DpsError, decodeBase64, type EndorsementKeyFacts } from "@rollcall/protocol";
import { ekTemplate, parseTpm2bPublic, registrationIdOf } from "tpm-js-sim/credential";
import { STORAGE_ROOT_KEY_ATTRIBUTES } from "../attestation/tpm/check-keys.js";
import { endorsementKeyHash } from "../attestation/tpm/endorsement-key.js";
import { readOneCertificate } from "../attestation/x509/certificate-text.js";
import { certificateBody, certificateFacts, memberError } from "./certificate-object.js";

/** Reads the certificate in `{certificate}`, leaf or CA. Throws DpsError that says why it cannot be read. */
export function inspectCertificate(body: unknown): CertificateReading {
  const { certificate: text } = certificateBody(body);
  try {
    const certificate = readOneCertificate(text);
    const { commonName, subjectKeyId, authorityKeyId } = certificate;
    return {
      ...certificateFacts(certificate),
      ...(commonName !== undefined && { commonName }),
      ...(subjectKeyId !== undefined && { subjectKeyId }),
      ...(authorityKeyId !== undefined && { authorityKeyId }),
    };
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw memberError("certificate", cause.message, cause);
  }
}

/**
 * Reads the TPM2B_PUBLIC in `{endorsementKey}`: the registration id that most SDKs give the device
 * (wire.md#tpm-registration-id), and how the key differs from the usual template. Throws DpsError that says why it is
 * invalid.
 */
export function inspectEndorsementKey(body: unknown): EndorsementKeyFacts {
  const text = typeof body === "object" && body !== null && "endorsementKey" in body ? body.endorsementKey : undefined;
  if (typeof text !== "string") {
    throw new DpsError("badRequest", "endorsementKey: is missing: base64 of the TPM2B_PUBLIC.", {
      info: { path: "endorsementKey" },
    });
  }
  const bytes = decodeBase64(text.trim());
  if (!bytes) {
    const hint = "paste what the TPM's tool prints (rollcall tpm export-ek), without quotes and PEM lines";
    throw memberError("endorsementKey", `is not base64: ${hint}`);
  }
  const parsed = parseTpm2bPublic(bytes, { allowEcc: true });
  if (parsed.kind !== "usable") {
    const problems = parsed.problems.map(({ field, offset, message }) => `${field} at byte ${offset}: ${message}`);
    throw memberError("endorsementKey", `is not an endorsement key (TPM2B_PUBLIC): ${problems.join("; ")}`);
  }
  return {
    registrationId: registrationIdOf(bytes),
    sha256: endorsementKeyHash(bytes),
    ...keyFacts(parsed.publicArea),
    attributes: hex32(parsed.publicArea.objectAttributes),
    notes: templateNotes(parsed.publicArea),
  };
}

type PublicArea = Extract<ReturnType<typeof parseTpm2bPublic>, { kind: "usable" }>["publicArea"];

const hex32 = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, "0")}`;

function keyFacts({ parameters }: PublicArea): Pick<EndorsementKeyFacts, "keyAlgorithm" | "keySize"> {
  if ("keyBits" in parameters) return { keyAlgorithm: "RSA", keySize: parameters.keyBits };
  return { keyAlgorithm: "EC P-256", keySize: 256 };
}

function templateNotes(area: PublicArea): readonly string[] {
  const notes: string[] = [];
  if (!("keyBits" in area.parameters)) {
    notes.push("An ECC endorsement key is a Rollcall extension: the cloud service is only known to accept RSA 2048.");
  }
  if (area.objectAttributes === STORAGE_ROOT_KEY_ATTRIBUTES) {
    notes.push("This looks like a storage root key (SRK). Enroll the endorsement key (EK) of the TPM instead.");
    return notes;
  }
  if (area.objectAttributes !== ekTemplate.objectAttributes) {
    notes.push(`The attributes are not those of the usual template (${hex32(ekTemplate.objectAttributes)}).`);
  }
  if (!Buffer.from(area.authPolicy).equals(ekTemplate.authPolicy)) {
    notes.push("The policy is not PolicySecret(ENDORSEMENT): the SDKs' TPM clients could not use this key.");
  }
  return notes;
}
