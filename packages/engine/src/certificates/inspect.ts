import { CertificateError } from "@rollcall/pki";
import { type CertificateReading, DpsError, type EndorsementKeyFacts, idKey } from "@rollcall/protocol";
import {
  type EndorsementKeyReading,
  ekTemplate,
  isStorageKey,
  readEndorsementKey,
  registrationIdOf,
} from "tpm-js-sim/credential";
import { endorsementKeyHash } from "../attestation/tpm/endorsement-key.js";
import { readOneCertificate } from "../attestation/x509/certificate-text.js";
import type { Store } from "../records/store.js";
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
  const reading = readEndorsementKey(text);
  if (reading.kind === "refused") throw memberError("endorsementKey", reading.reason);
  const { tpm2bPublic, publicArea } = reading;
  return {
    registrationId: registrationIdOf(tpm2bPublic),
    sha256: endorsementKeyHash(tpm2bPublic),
    ...keyFacts(publicArea),
    attributes: hex32(publicArea.objectAttributes),
    notes: [...reading.notes, ...templateNotes(publicArea)],
  };
}

/**
 * As `inspectEndorsementKey`, with a note where another enrollment has this key. `registrationId` of the body is the enrollment
 * that the key is meant for.
 */
export async function questionEndorsementKey(
  body: unknown,
  store: Pick<Store, "enrollmentByEndorsementKey">,
): Promise<EndorsementKeyFacts> {
  const facts = inspectEndorsementKey(body);
  const owner = await store.enrollmentByEndorsementKey(facts.sha256);
  if (!owner || idKey(owner.registrationId) === idKey(meantFor(body) ?? "")) return facts;
  const note = `The enrollment ${JSON.stringify(owner.registrationId)} has this endorsement key already. One TPM is one device: was a key copied, or should that enrollment go?`;
  return { ...facts, notes: [...facts.notes, note] };
}

function meantFor(body: unknown): string | undefined {
  const id = typeof body === "object" && body !== null && "registrationId" in body ? body.registrationId : undefined;
  return typeof id === "string" ? id : undefined;
}

type PublicArea = Extract<EndorsementKeyReading, { kind: "read" }>["publicArea"];

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
  if (isStorageKey(area)) {
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
