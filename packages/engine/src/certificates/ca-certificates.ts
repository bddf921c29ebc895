import type { Certificate } from "@rollcall/pki";
import { type CaCertificate, DpsError, idKey, limits } from "@rollcall/protocol";
import { referencesOf } from "../attestation/attestations.js";
import { withCertificateLock } from "../operator/certificate-lock.js";
import { TRIES } from "../operator/operator-context.js";
import type { CertificateOperator } from "../operator/operator-types.js";
import type { Clock, Random } from "../records/ports.js";
import type { CaCertificateRecord, EnrollmentRecord } from "../records/records.js";
import type { Store } from "../records/store.js";
import { checkPrecondition, newEtag } from "../wire/etags.js";
import {
  certificateBody,
  certificateObject,
  memberError,
  readAuthority,
  recordCertificate,
} from "./certificate-object.js";
import { possessionProblems } from "./possession.js";

/** The parts that the management of CA certificates needs. */
export interface CertificateOperatorContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** Our own rule: the cloud's management plane documents no rule for the names of certificates. */
const NAME = /^[A-Za-z0-9\-._]{1,64}$/;
/** 48 hex digits, as in the cloud's codes; a common name may have 64. */
const CODE_BYTES = 24;

/** CA certificates and their proof of possession (wire.md#proof-of-possession). */
export function createCertificateOperator(context: CertificateOperatorContext): CertificateOperator {
  const { store } = context;
  return {
    certificates: async () => (await store.caCertificates()).map(certificateObject),
    certificate: async (name) => certificateObject(await known(store, name)),
    createCertificate: (name, body) => withCertificateLock(store, () => create(name, body, context)),
    verificationCode: (name, ifMatch) => newCode(name, ifMatch, context),
    verifyCertificate: (name, body, ifMatch) => verify(name, body, ifMatch, context),
    deleteCertificate: (name, ifMatch) => withCertificateLock(store, () => remove(name, ifMatch, store)),
  };
}

async function known(store: Store, name: string): Promise<CaCertificateRecord> {
  const record = await store.caCertificate(name);
  if (record) return record;
  throw new DpsError("certificateNotFound", `There is no CA certificate ${name}.`, { info: { name } });
}

async function create(name: string, body: unknown, context: CertificateOperatorContext): Promise<CaCertificate> {
  const { store } = context;
  if (!NAME.test(name)) {
    throw memberError("name", "is not a certificate name: 1 to 64 of letters, digits and - . _");
  }
  const { certificate: text, isVerified } = certificateBody(body);
  const certificate = readAuthority(text);
  const now = context.clock();
  const record: CaCertificateRecord = {
    name,
    der: certificate.der.toString("base64"),
    thumbprint: certificate.sha256,
    isVerified: isVerified ?? false,
    etag: newEtag(context.random),
    createdAt: now,
    updatedAt: now,
  };
  for (let turn = 0; turn < TRIES; turn++) {
    await refuseKnown(name, certificate, store);
    if (await store.putCaCertificate(record, "absent", limits.caCertificates)) return certificateObject(record);
  }
  throw new DpsError("conflict", "Other requests are changing the CA certificates; try again.");
}

const taken = (name: string) =>
  new DpsError(
    "alreadyExists",
    `A CA certificate ${name} already exists. Delete it first to upload a different certificate under this name.`,
    {
      info: { name },
    },
  );

async function refuseKnown(name: string, certificate: Certificate, store: Store): Promise<void> {
  const all = await store.caCertificates();
  if (all.some((each) => idKey(each.name) === idKey(name))) throw taken(name);
  const same = all.find((each) => each.thumbprint === certificate.sha256);
  if (same) {
    const message = `This certificate (${certificate.subject}) is already uploaded, under the name ${same.name}.`;
    throw new DpsError("alreadyExists", message, { info: { name: same.name } });
  }
  if (all.length < limits.caCertificates) return;
  throw new DpsError(
    "quotaExceeded",
    `There are ${all.length} CA certificates; the limit is ${limits.caCertificates}. Delete a certificate first.`,
  );
}

async function newCode(
  name: string,
  ifMatch: string | undefined,
  context: CertificateOperatorContext,
): Promise<CaCertificate> {
  const record = await known(context.store, name);
  checkPrecondition(record, ifMatch);
  if (record.isVerified) throw new DpsError("conflict", `The CA certificate ${record.name} is already verified.`);
  const verificationCode = context.random(CODE_BYTES).toString("hex").toUpperCase();
  return replace(record, { ...record, verificationCode }, context);
}

async function verify(
  name: string,
  body: unknown,
  ifMatch: string | undefined,
  context: CertificateOperatorContext,
): Promise<CaCertificate> {
  const record = await known(context.store, name);
  checkPrecondition(record, ifMatch);
  if (record.isVerified) throw new DpsError("conflict", `The CA certificate ${record.name} is already verified.`);
  const { certificate: text } = certificateBody(body);
  const { verificationCode: code, ...rest } = record;
  if (code === undefined) {
    throw memberError(
      "certificate",
      `proves nothing yet: no verification code was generated for ${record.name}. Generate a code, and sign a certificate whose common name is that code`,
    );
  }
  const problems = possessionProblems({ ca: recordCertificate(record), text, code, now: context.clock() });
  if (problems.length > 0) throw memberError("certificate", problems.join("; "));
  return replace(record, { ...rest, isVerified: true }, context);
}

/** Replaces the record that was read with a changed one; 412 when it was changed in between. */
async function replace(
  before: CaCertificateRecord,
  after: CaCertificateRecord,
  context: CertificateOperatorContext,
): Promise<CaCertificate> {
  const record = { ...after, etag: newEtag(context.random), updatedAt: context.clock() };
  if (await context.store.putCaCertificate(record, { etag: before.etag })) return certificateObject(record);
  throw changed(before.name);
}

const changed = (name: string) =>
  new DpsError("preconditionFailed", `The CA certificate ${name} was changed or deleted meanwhile.`);

async function remove(name: string, ifMatch: string | undefined, store: Store): Promise<void> {
  const record = await known(store, name);
  checkPrecondition(record, ifMatch);
  const users = await referring(record, store);
  if (users.length > 0) {
    const names = users.slice(0, 5).join(", ") + (users.length > 5 ? ` and ${users.length - 5} more` : "");
    const message = `The CA certificate ${record.name} is in use: ${names} ${users.length > 1 ? "refer" : "refers"} to it.`;
    throw new DpsError("inUse", message, { info: { usedBy: names } });
  }
  const answer = await store.removeCaCertificate(record.name, record.etag);
  if (answer !== "removed") throw changed(record.name);
}

/** The enrollments that refer to a CA certificate by name, in words. */
async function referring(record: CaCertificateRecord, store: Store): Promise<readonly string[]> {
  const refers = (enrollment: EnrollmentRecord) =>
    referencesOf(enrollment).some(({ name }) => idKey(name) === idKey(record.name));
  const groups = (await store.x509Groups()).filter(refers).map((each) => `group ${each.enrollmentGroupId}`);
  const individuals = (await store.enrollmentsByLeaf(record.thumbprint)).filter(refers);
  return [...groups, ...individuals.map((each) => `enrollment ${each.registrationId}`)];
}
