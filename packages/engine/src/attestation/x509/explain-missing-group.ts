import { type Certificate, isIssuedBy, isSelfSigned } from "@rollcall/pki";
import { type Finding, finding } from "@rollcall/protocol";
import type { CaCertificateRecord, EnrollmentRecord, IndividualRecord } from "../../records/records.js";
import type { AttestationContext } from "../judging/verdict.js";
import { held } from "./certificates-of.js";

/** The subjects of certificates, for a finding. */
export const subjects = (certificates: readonly Certificate[]) =>
  certificates.map((each) => each.subject || "(no subject)").join("; ");

const read = (context: AttestationContext, der: string) => context.certificates.read(Buffer.from(der, "base64"));

/** Says what is missing between the chain that came and the groups that there are. */
export async function noGroup(path: readonly Certificate[], context: AttestationContext): Promise<readonly Finding[]> {
  const last = path.at(-1);
  if (!last) return [];
  const complete = isSelfSigned(last);
  // A self-signed leaf belongs to an individual enrollment, if to anything: no chain is missing there.
  if (complete && path.length === 1) return [];
  const nearest = nearestHolders(await context.store.x509Groups(), context);
  const details = {
    expected: nearest ?? "an enrollment group with a certificate of this chain",
    got: subjects(path),
    ...(nearest && { nearest }),
  };
  const uploaded = await uploadedAuthorities(path, context);
  // One that is verified needs only a group: that is said first.
  const reached = uploaded.find(({ record }) => record.isVerified) ?? uploaded[0];
  if (reached) return [uploadedFinding(reached, details)];
  if (complete) return [finding("chain.untrusted", { ...details, values: { last: last.subject } })];
  return [issuerMissing(path, last, details)];
}

/** Says that a chain does not reach the CA certificate that an individual enrollment refers to. */
export function otherAuthority(
  path: readonly Certificate[],
  enrollment: IndividualRecord,
  context: AttestationContext,
): Finding {
  const last = path.at(-1);
  const expected = nearestHolders([enrollment], context) ?? "a certificate of this chain";
  const details = { expected, got: subjects(path), nearest: expected };
  if (last && !isSelfSigned(last)) return issuerMissing(path, last, details);
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

/** The uploaded CA certificates that stand in a chain above the leaf or issued its last one, nearest first. */
export async function uploadedAuthorities(
  path: readonly Certificate[],
  context: AttestationContext,
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
    .filter(({ certificate }) => !certificate.der.equals(last.der) && isIssuedBy(last, certificate));
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

/** Names at most three enrollments and what they trust. */
function nearestHolders(holders: readonly EnrollmentRecord[], context: AttestationContext): string | undefined {
  const named = holders.slice(0, 3).map((holder) => {
    const trusted = held(holder).flatMap((each) => (each.der ? [read(context, each.der).subject] : []));
    const name = holder.kind === "group" ? `group ${holder.enrollmentGroupId}` : `enrollment ${holder.registrationId}`;
    return `${name} trusts ${trusted.join(" and ") || "a certificate by name"}`;
  });
  if (named.length === 0) return undefined;
  return holders.length > 3 ? `${named.join("; ")}; and ${holders.length - 3} more` : named.join("; ");
}
