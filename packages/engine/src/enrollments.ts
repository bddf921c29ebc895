import { CertificateError, parseCertificates, readCertificate } from "@rollcall/pki";
import {
  type AttestationMechanism,
  type CertificateWithInfo,
  decodeBase64,
  type EnrollmentGroup,
  type IndividualEnrollment,
  idKey,
  type JsonObject,
  limits,
  type Seed,
} from "@rollcall/protocol";
import { parseTpm2bPublic } from "tpm-js-sim/credential";
import { endorsementKeyHash } from "./attestation/tpm.js";
import type { AttestationRecord, EnrolledCertificate } from "./attestation-record.js";
import type { GroupRecord, IndividualRecord, Random, Store } from "./ports.js";

/** An enrollment that cannot be taken: `path` names the member, such as `enrollments.3.attestation.tpm.endorsementKey`. */
export class EnrollmentError extends Error {
  override readonly name = "EnrollmentError";
  readonly path: string;
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** What goes into a record besides the enrollment itself. */
export interface RecordContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly random: Random;
  readonly etag: () => string;
}

/** Checks an individual enrollment and makes its record. Throws EnrollmentError; `path` is relative to the enrollment. */
export function individualRecord(source: IndividualEnrollment, context: RecordContext): IndividualRecord {
  const attestation = readAttestation(source.attestation, context.random);
  if (attestation.type === "x509" && attestation.holds === "signingCertificates") {
    throw new EnrollmentError(
      "attestation.x509.signingCertificates",
      "an individual enrollment takes clientCertificates; signing certificates belong to a group",
    );
  }
  return {
    kind: "individual",
    registrationId: source.registrationId,
    ...(source.deviceId != null && { deviceId: source.deviceId }),
    ...commonRecord(source, attestation, context),
    source,
  };
}

/** Checks an enrollment group and makes its record. Throws EnrollmentError; `path` is relative to the group. */
export function groupRecord(source: EnrollmentGroup, context: RecordContext): GroupRecord {
  const attestation = readAttestation(source.attestation, context.random);
  if (attestation.type === "tpm")
    throw new EnrollmentError("attestation.type", "a group cannot use tpm: TPMs are enrolled one by one");
  if (attestation.type === "x509" && attestation.holds === "clientCertificates") {
    throw new EnrollmentError(
      "attestation.x509.clientCertificates",
      "a group takes signingCertificates; client certificates belong to an individual enrollment",
    );
  }
  return {
    kind: "group",
    enrollmentGroupId: source.enrollmentGroupId,
    ...commonRecord(source, attestation, context),
    source,
  };
}

function commonRecord(
  source: IndividualEnrollment | EnrollmentGroup,
  attestation: AttestationRecord,
  context: RecordContext,
) {
  const { iotHubs, iotHubHostName, allocationPolicy, reprovisionPolicy } = source;
  const legacyHub = iotHubs == null && iotHubHostName != null ? [iotHubHostName] : undefined;
  // The single-hub form of 2017 means static allocation to that hub (section 7.4).
  const policy = allocationPolicy ?? (legacyHub ? ("static" as const) : undefined);
  return {
    attestation,
    provisioningStatus: source.provisioningStatus,
    ...(policy && { allocationPolicy: policy }),
    ...customAllocation(source),
    iotHubs: legacyHub ?? iotHubs ?? [],
    iotEdge: source.capabilities?.iotEdge ?? false,
    initialTwin: {
      tags: source.initialTwin?.tags ?? {},
      desired: twinProperties(source.initialTwin?.properties?.desired ?? {}),
    },
    ...(reprovisionPolicy && {
      reprovisionPolicy: {
        updateHubAssignment: reprovisionPolicy.updateHubAssignment,
        migrateDeviceData: reprovisionPolicy.migrateDeviceData,
      },
    }),
    etag: context.etag(),
    createdAt: context.now,
    updatedAt: context.now,
  };
}

/** Only what is known of the definition: whatever else it carries is the operator's. */
function customAllocation({ customAllocationDefinition: custom }: IndividualEnrollment | EnrollmentGroup) {
  if (custom == null) return {};
  return { customAllocationDefinition: { webhookUrl: custom.webhookUrl, apiVersion: custom.apiVersion } };
}

/** `$`-members of a TwinCollection are about the collection, not properties (section 9.3). */
function twinProperties(collection: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(collection).filter(([name]) => !name.startsWith("$")));
}

function readAttestation(source: AttestationMechanism, random: Random): AttestationRecord {
  if (source.type === "symmetricKey") {
    const fresh = () => random(limits.symmetricKeyBytes.max).toString("base64");
    const { primaryKey, secondaryKey } = source.symmetricKey ?? {};
    return { type: "symmetricKey", primaryKey: primaryKey ?? fresh(), secondaryKey: secondaryKey ?? fresh() };
  }
  if (source.type === "tpm") return readTpm(source.tpm);
  const { clientCertificates, signingCertificates, caReferences } = source.x509;
  if (caReferences) {
    throw new EnrollmentError(
      "attestation.x509.caReferences",
      "uploaded CA certificates are not offered yet; put the certificate into signingCertificates",
    );
  }
  const holds = clientCertificates ? ("clientCertificates" as const) : ("signingCertificates" as const);
  const pair = clientCertificates ?? signingCertificates;
  if (!pair) throw new EnrollmentError("attestation.x509", "holds no certificate");
  const path = `attestation.x509.${holds}`;
  const primary = readEnrolled(pair.primary, `${path}.primary`, holds);
  const secondary = pair.secondary ? readEnrolled(pair.secondary, `${path}.secondary`, holds) : undefined;
  return { type: "x509", holds, primary, ...(secondary && { secondary }) };
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
    throw new EnrollmentError(path, `is no endorsement key (TPM2B_PUBLIC): ${problems}`);
  }
  const { endorsementKey, storageRootKey } = source;
  return {
    type: "tpm",
    endorsementKey,
    endorsementKeyHash: endorsementKeyHash(bytes),
    ...(storageRootKey && { storageRootKey }),
  };
}

function readEnrolled(
  source: CertificateWithInfo,
  path: string,
  holds: "clientCertificates" | "signingCertificates",
): EnrolledCertificate {
  if (source.certificate !== undefined)
    return readEnrolledCertificate(source.certificate, `${path}.certificate`, holds);
  const thumbprint = (source.info?.sha256Thumbprint ?? "").replaceAll(":", "").toUpperCase();
  if (holds === "signingCertificates")
    throw new EnrollmentError(path, "a group needs the certificate itself: nothing can be verified with a thumbprint");
  // 40 digits are SHA-1 in the wrong field: taken, so that the device's attempt can say so (failure causes, 22).
  if (!/^([0-9A-F]{40}|[0-9A-F]{64})$/.test(thumbprint))
    throw new EnrollmentError(`${path}.info.sha256Thumbprint`, "is not 64 hex digits");
  return { thumbprint };
}

function readEnrolledCertificate(
  text: string,
  path: string,
  holds: "clientCertificates" | "signingCertificates",
): EnrolledCertificate {
  if (/^([0-9a-f]{2}:?){20}$|^([0-9a-f]{2}:?){32}$/i.test(text.trim())) {
    throw new EnrollmentError(path, "is a thumbprint; this member takes the certificate itself (PEM or base64 DER)");
  }
  try {
    const ders = parseCertificates(text);
    const [der] = ders;
    if (!der || ders.length > 1) throw new EnrollmentError(path, `holds ${ders.length} certificates; it takes one`);
    const certificate = readCertificate(der);
    if (holds === "signingCertificates" && !certificate.isCa) {
      throw new EnrollmentError(
        path,
        `${certificate.subject} is no CA certificate (basicConstraints): it can sign no device`,
      );
    }
    return {
      der: der.toString("base64"),
      thumbprint: certificate.sha256,
      subject: certificate.subjectRaw.toString("hex"),
    };
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw new EnrollmentError(path, cause.message, { cause });
  }
}

/** Puts all enrollments of a seed into a store. Throws EnrollmentError with the full path; nothing is put then. */
export async function loadSeed(
  store: Store,
  seed: Seed,
  context: RecordContext,
): Promise<{ individuals: number; groups: number }> {
  const individuals = seed.enrollments.map((source, index) =>
    at(`enrollments.${index}`, () => individualRecord(source, context)),
  );
  const groups = seed.enrollmentGroups.map((source, index) =>
    at(`enrollmentGroups.${index}`, () => groupRecord(source, context)),
  );
  refuseTwice(
    individuals.map((record) => record.registrationId),
    "enrollments",
  );
  refuseTwice(
    groups.map((record) => record.enrollmentGroupId),
    "enrollmentGroups",
  );
  const symmetric = groups.filter((group) => group.attestation.type === "symmetricKey").length;
  if (symmetric > limits.symmetricKeyGroups)
    throw new EnrollmentError(
      "enrollmentGroups",
      `${symmetric} symmetric-key groups; ${limits.symmetricKeyGroups} are allowed`,
    );
  if (groups.length - symmetric > limits.x509Groups)
    throw new EnrollmentError(
      "enrollmentGroups",
      `${groups.length - symmetric} X.509 groups; ${limits.x509Groups} are allowed`,
    );
  for (const record of individuals) await store.putIndividual(record);
  for (const record of groups) await store.putGroup(record);
  return { individuals: individuals.length, groups: groups.length };
}

function at<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof EnrollmentError)) throw error;
    throw new EnrollmentError(`${path}.${error.path}`, error.message, { cause: error });
  }
}

function refuseTwice(ids: readonly string[], path: string): void {
  const seen = new Set<string>();
  ids.forEach((id, index) => {
    if (seen.has(idKey(id))) throw new EnrollmentError(`${path}.${index}`, `${id} stands twice (case does not matter)`);
    seen.add(idKey(id));
  });
}
