import { type BuiltPath, buildPath, type Certificate, isIssuedBy, noSignatures } from "@rollcall/pki";
import { type Finding, finding } from "@rollcall/protocol";
import type { EnrollmentRecord, GroupRecord, IndividualRecord } from "../../records/records.js";
import type { ConnectionProof } from "../judging/connection-proofs.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../judging/verdict.js";
import { caCertificatesOf } from "./certificates-of.js";
import { noGroup, otherAuthority, subjects } from "./explain-missing-group.js";
import { pathFinding, pathFindings } from "./path-findings.js";
import { checkCommonName } from "./presented-chain.js";

interface Match<Holder> {
  readonly holder: Holder;
  readonly anchor: Certificate;
}

/** The search for the CA of a chain, and the findings when there is no match. */
interface Search<Holder extends EnrollmentRecord> {
  match(path: readonly Certificate[]): Promise<Match<Holder> | undefined>;
  /** Whether one of these certificates, or a certificate with the name of one of their issuers, is enrolled. */
  leads(presented: readonly Certificate[]): Promise<boolean>;
  nothing(path: readonly Certificate[]): Promise<readonly Finding[]>;
}

/**
 * Finds the group of a chain: the signing certificate nearest to the leaf decides, whether it was sent or issued the
 * last certificate that was sent (wire.md#group-match). Then judges the path up to it, and collects every fault.
 */
export function groupByChain(
  request: AttestationRequest,
  context: AttestationContext,
  presented: readonly Certificate[],
  before: readonly Finding[],
): Promise<Verdict> {
  return byChain<GroupRecord>(request, context, presented, before, {
    match: (path) => findMatch(path, request, context),
    leads: (certificates) => leadsToGroup(certificates, context),
    nothing: (path) => noGroup(path, request, context),
  });
}

/** An individual enrollment that refers to CA certificates decides alone: the chain has to reach one of them. */
export async function individualByChain(
  request: AttestationRequest,
  enrollment: IndividualRecord,
  context: AttestationContext,
  presented: readonly Certificate[],
  before: readonly Finding[],
): Promise<Verdict> {
  const verdict = await byChain<IndividualRecord>(request, context, presented, before, {
    match: async (path) =>
      matchAbove(path, [enrollment]) ?? matchIssuer(path, [enrollment], context.proofs.of(request.connection), context),
    leads: async () => true,
    nothing: async (path) => [otherAuthority(path, enrollment, context)],
  });
  return { ...verdict, enrollment };
}

async function byChain<Holder extends EnrollmentRecord>(
  request: AttestationRequest,
  context: AttestationContext,
  presented: readonly Certificate[],
  before: readonly Finding[],
  search: Search<Holder>,
): Promise<Verdict> {
  const leaf = presented[0];
  if (!leaf) return { findings: before, attestation: "x509" };
  const now = new Date(context.now);
  const proof = context.proofs.of(request.connection);
  const built = await pathOf(presented, search, { now, proof });
  const findings = [...before, ...checkCommonName(leaf, request.registrationId), ...sendingFindings(presented, built)];
  const match = await search.match(built.path);
  if (!match) {
    const authority = leaf.isCa ? [leafIsAuthority(leaf)] : [];
    return { findings: [...findings, ...authority, ...(await search.nothing(built.path))], attestation: "x509" };
  }
  const { holder, anchor } = match;
  const problems = proof.judge(built.path, anchor, now);
  findings.push(...pathFindings(problems));
  // Certificates of one name were sent, and which of them signed the others was not checked: another path may be good.
  if (problems.length > 0 && built.notChecked !== undefined) findings.push(notTold(built.notChecked));
  const base = { enrollment: holder, attestation: "x509" as const, findings };
  if (findings.some((each) => each.severity === "error")) {
    return leaf.isCa ? { ...base, findings: [...findings, leafIsAuthority(leaf)] } : base;
  }
  proof.keep(built.path);
  const deviceId = deviceIdOf(holder, leaf, request);
  const authentication = { type: "selfSigned" as const, thumbprints: [leaf.sha256] };
  return { ...base, proof: { kind: "hubIdentity", deviceId, authentication } };
}

/**
 * The path of a chain, by names alone where they suffice. Signatures tell certificates of one name apart, but only when
 * a name leads to an enrolled certificate: anything else is a stranger's work to give.
 */
async function pathOf<Holder extends EnrollmentRecord>(
  presented: readonly Certificate[],
  search: Search<Holder>,
  { now, proof }: { readonly now: Date; readonly proof: ConnectionProof },
): Promise<BuiltPath> {
  const byNames = buildPath(presented, { now, work: noSignatures });
  if (byNames.notChecked === undefined || !(await search.leads(presented))) {
    const { notChecked: _, ...path } = byNames;
    return path;
  }
  return buildPath(presented, { now, work: proof.dear() });
}

function notTold(reason: string): Finding {
  const what = "which of the certificates with one name signed the others";
  return finding("chain.notChecked", { values: { what, reason }, got: reason });
}

function deviceIdOf(holder: EnrollmentRecord, leaf: Certificate, { registrationId }: AttestationRequest): string {
  if (holder.kind === "individual") return holder.deviceId ?? holder.registrationId;
  return leaf.commonName ?? registrationId;
}

function leafIsAuthority(leaf: Certificate): Finding {
  return finding("leaf.isAuthority", {
    values: { subject: leaf.subject || "(no subject)" },
    subject: `leaf: ${leaf.subject}`,
    expected: "the device's own certificate first",
    got: "a CA certificate",
  });
}

function sendingFindings(presented: readonly Certificate[], built: ReturnType<typeof buildPath>): readonly Finding[] {
  const findings = built.problems.map(pathFinding);
  if (!built.reordered && built.unused.length === 0) return findings;
  const details = { expected: subjects(built.path), got: subjects(presented) };
  if (built.reordered) findings.push(finding("chain.reordered", details));
  if (built.unused.length > 0)
    findings.push(finding("chain.unused", { ...details, values: { subjects: subjects(built.unused) } }));
  return findings;
}

async function findMatch(
  path: readonly Certificate[],
  request: AttestationRequest,
  context: AttestationContext,
): Promise<Match<GroupRecord> | undefined> {
  const above = path.slice(1);
  const groups = above.length === 0 ? [] : await context.store.groupsByCertificate(above.map((each) => each.sha256));
  const match = matchAbove(path, groups);
  const last = path.at(-1);
  if (match || !last) return match;
  const namesakes = await context.store.groupsBySubject(last.issuerRaw.toString("hex"));
  return matchIssuer(path, namesakes, context.proofs.of(request.connection), context);
}

async function leadsToGroup(presented: readonly Certificate[], { store }: AttestationContext): Promise<boolean> {
  const above = presented.slice(1).map((each) => each.sha256);
  if (above.length > 0 && (await store.groupsByCertificate(above)).length > 0) return true;
  for (const issuer of new Set(presented.map((each) => each.issuerRaw.toString("hex")))) {
    if ((await store.groupsBySubject(issuer)).length > 0) return true;
  }
  return false;
}

/** The nearest certificate above the leaf that one of these enrollments has. */
function matchAbove<Holder extends EnrollmentRecord>(
  path: readonly Certificate[],
  holders: readonly Holder[],
): Match<Holder> | undefined {
  for (const certificate of path.slice(1)) {
    const holder = holders.find((each) => caCertificatesOf(each).some((one) => one.thumbprint === certificate.sha256));
    if (holder) return { holder, anchor: certificate };
  }
  return undefined;
}

/**
 * The enrolled certificate that issued the last certificate sent: among several with the issuer's name, the signer, or
 * else the first. A single candidate needs no check of its signature, since the path is judged afterwards.
 */
function matchIssuer<Holder extends EnrollmentRecord>(
  path: readonly Certificate[],
  holders: readonly Holder[],
  proof: ConnectionProof,
  context: AttestationContext,
): Match<Holder> | undefined {
  const last = path.at(-1);
  if (!last) return undefined;
  const namesakes = holders
    .flatMap((holder) => caCertificatesOf(holder).map((each) => ({ holder, der: each.der })))
    .flatMap(({ holder, der }) =>
      der === undefined ? [] : [{ holder, anchor: context.certificates.read(Buffer.from(der, "base64")) }],
    )
    .filter(({ anchor }) => last.hasIssuerNamed(anchor) && !anchor.der.equals(last.der));
  if (namesakes.length < 2) return namesakes[0];
  const work = proof.straight();
  return namesakes.find(({ anchor }) => isIssuedBy(last, anchor, work)) ?? namesakes[0];
}
