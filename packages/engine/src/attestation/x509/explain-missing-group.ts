import {
  type Certificate,
  checkSelfSigned,
  isIssuedBy,
  nameDifference,
  noSignatures,
  notingWork,
  type Work,
} from "@rollcall/pki";
import { type Finding, finding } from "@rollcall/protocol";
import type { CaCertificateRecord, EnrollmentRecord, IndividualRecord } from "../../records/records.js";
import type { AttestationContext, AttestationRequest } from "../judging/verdict.js";
import { caCertificatesOf } from "./certificates-of.js";
import { notExplained } from "./path-findings.js";

/** The subjects of certificates, for a finding. */
export const subjects = (certificates: readonly Certificate[]) =>
  certificates.map((each) => each.subject || "(no subject)").join("; ");

const read = (context: AttestationContext, der: string) => context.certificates.read(Buffer.from(der, "base64"));

/** Explains why no group matches: the certificate that is missing between the chain and the groups. */
export async function noGroup(
  path: readonly Certificate[],
  request: AttestationRequest,
  context: AttestationContext,
): Promise<readonly Finding[]> {
  const last = path.at(-1);
  if (!last) return [];
  const complete = endsItself(last);
  // A self-signed leaf can only belong to an individual enrollment: no chain is missing there.
  if (complete && path.length === 1) return [];
  const nearest = nearestHolders(await context.store.x509Groups(), last, context);
  const details = {
    expected: nearest ?? "an enrollment group with a certificate of this chain",
    got: subjects(path),
    ...(nearest && { nearest }),
  };
  const work = notingWork(context.proofs.of(request.connection).dear());
  const uploaded = await uploadedAuthorities(path, context, work);
  const open =
    work.reason === undefined ? [] : [notExplained("which uploaded certificate signed the last", work.reason)];
  // A verified CA only lacks a group, so it is reported first.
  const reached = uploaded.find(({ record }) => record.isVerified) ?? uploaded[0];
  if (reached) return [uploadedFinding(reached, details), ...open];
  if (complete) return [finding("chain.untrusted", { ...details, values: { last: last.subject } }), ...open];
  return [issuerMissing(path, last, details), ...open];
}

/** Whether a certificate names itself as its issuer. Its signature is not checked: it proves nothing here. */
const endsItself = (certificate: Certificate): boolean => checkSelfSigned(certificate, noSignatures) !== false;

/** The finding for a chain that does not reach the CA certificate to which an individual enrollment refers. */
export function otherAuthority(
  path: readonly Certificate[],
  enrollment: IndividualRecord,
  context: AttestationContext,
): Finding {
  const last = path.at(-1);
  const expected = nearestHolders([enrollment], last, context) ?? "a certificate of this chain";
  const details = { expected, got: subjects(path), nearest: expected };
  if (last && !endsItself(last)) return issuerMissing(path, last, details);
  return finding("chain.untrusted", { ...details, values: { last: last?.subject || "(no subject)" } });
}

function issuerMissing(
  path: readonly Certificate[],
  last: Certificate,
  details: { readonly expected: string; readonly got: string },
): Finding {
  const keyId = last.authorityKeyId ? ` (key id ${last.authorityKeyId})` : "";
  return finding("chain.issuerMissing", {
    ...details,
    subject: last.issuer,
    values: { count: path.length, last: last.subject || "(no subject)", issuer: `${last.issuer}${keyId}` },
  });
}

/** An uploaded CA certificate that a chain reaches. */
interface Reached {
  readonly record: CaCertificateRecord;
  readonly certificate: Certificate;
}

/** The uploaded CA certificates that are in a chain above the leaf, or issued its last certificate, nearest first. */
export async function uploadedAuthorities(
  path: readonly Certificate[],
  context: AttestationContext,
  work: Work,
): Promise<readonly Reached[]> {
  const last = path.at(-1);
  if (!last) return [];
  const records = await context.store.caCertificates();
  const inside = path.slice(1).flatMap((certificate) => {
    const record = records.find((each) => each.thumbprint === certificate.sha256);
    return record ? [{ record, certificate }] : [];
  });
  const above = records
    .filter((record) => !inside.some((each) => each.record === record))
    .map((record) => ({ record, certificate: read(context, record.der) }))
    .filter(({ certificate }) => !certificate.der.equals(last.der) && isIssuedBy(last, certificate, work));
  return [...inside, ...above];
}

function uploadedFinding(
  { record, certificate }: Reached,
  details: { readonly expected: string; readonly got: string },
): Finding {
  const values = { subject: certificate.subject || "(no subject)", name: record.name };
  const uploaded = `${new Date(record.createdAt).toISOString().slice(0, 19)}Z`;
  const subject = certificate.subject;
  if (record.isVerified) return finding("chain.caWithoutGroup", { ...details, subject, values });
  const said = { expected: `${record.name} verified`, got: `${record.name}, not verified` };
  return finding("chain.caNotVerified", { ...said, subject, values: { ...values, uploaded } });
}

/** The cost of comparing two names for similarity, in tries of a key. */
const LOOKALIKE = 2;

/** Names at most three enrollments and their CA certificates; those similar to the missing issuer come first. */
function nearestHolders(
  holders: readonly EnrollmentRecord[],
  last: Certificate | undefined,
  context: AttestationContext,
): string | undefined {
  const mayCompare = last !== undefined && context.mayExplain(holders.length * LOOKALIKE);
  const named = holders.map((holder) => {
    const trusted = caCertificatesOf(holder).flatMap((each) => (each.der ? [read(context, each.der)] : []));
    const name = holder.kind === "group" ? `group ${holder.enrollmentGroupId}` : `enrollment ${holder.registrationId}`;
    const like = mayCompare
      ? trusted.map((each) => likeness(last, each)).find((each) => each !== undefined)
      : undefined;
    const what = trusted.map(({ subject }) => subject).join(" and ") || "a certificate by name";
    return { text: `${name} trusts ${what}${like === undefined ? "" : `, ${like}`}`, rank: like === undefined ? 1 : 0 };
  });
  if (named.length === 0) return undefined;
  const shown = named
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, 3)
    .map(({ text }) => text)
    .join("; ");
  return holders.length > 3 ? `${shown}; and ${holders.length - 3} more` : shown;
}

/** Explains why an enrolled certificate that looks like the named issuer is a different certificate; else undefined. */
function likeness(last: Certificate, enrolled: Certificate): string | undefined {
  const difference = nameDifference(last, enrolled);
  if (difference !== undefined) return `which looks like the missing issuer, but ${difference}`;
  if (last.authorityKeyId === undefined || last.authorityKeyId !== enrolled.subjectKeyId) return undefined;
  if (last.hasIssuerNamed(enrolled)) return undefined;
  return `which has the key id that the missing issuer has (${last.authorityKeyId}), but a different name`;
}
