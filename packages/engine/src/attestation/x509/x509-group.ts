import { buildPath, type Certificate, isIssuedBy, judgePath, type PathProblem } from "@rollcall/pki";
import { type Finding, finding } from "@rollcall/protocol";
import type { EnrollmentRecord, GroupRecord, IndividualRecord } from "../../records/records.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../judging/verdict.js";
import { held } from "./certificates-of.js";
import { noGroup, otherAuthority, subjects } from "./explain-missing-group.js";
import { pathFinding } from "./path-findings.js";
import { checkCommonName } from "./presented-chain.js";

interface Match<Holder> {
  readonly holder: Holder;
  readonly anchor: Certificate;
}

/** Where the authorities of a chain are looked for, and what is said when there are none. */
interface Search<Holder extends EnrollmentRecord> {
  match(path: readonly Certificate[]): Promise<Match<Holder> | undefined>;
  nothing(path: readonly Certificate[]): Promise<readonly Finding[]>;
}

/**
 * Finds the group of a chain: the signing certificate nearest to the leaf decides, whether it was sent or only issued
 * the last one that was (wire.md#group-match); then judges the path up to it. Collects every fault.
 */
export function groupByChain(
  request: AttestationRequest,
  context: AttestationContext,
  presented: readonly Certificate[],
  before: readonly Finding[],
): Promise<Verdict> {
  return byChain<GroupRecord>(request, context, presented, before, {
    match: (path) => findMatch(path, context),
    nothing: (path) => noGroup(path, context),
  });
}

/** An individual enrollment that refers to CA certificates: it alone decides, and the chain has to reach one of them. */
export async function individualByChain(
  request: AttestationRequest,
  enrollment: IndividualRecord,
  context: AttestationContext,
  presented: readonly Certificate[],
  before: readonly Finding[],
): Promise<Verdict> {
  const verdict = await byChain<IndividualRecord>(request, context, presented, before, {
    match: async (path) => matchAbove(path, [enrollment]) ?? matchIssuer(path, [enrollment], context),
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
  const built = buildPath(presented, { now });
  const findings = [...before, ...checkCommonName(leaf, request.registrationId), ...sendingFindings(presented, built)];
  const match = await search.match(built.path);
  if (!match) {
    const authority = leaf.isCa ? [leafIsAuthority(leaf)] : [];
    return { findings: [...findings, ...authority, ...(await search.nothing(built.path))], attestation: "x509" };
  }
  findings.push(...pathFindings(judgePath({ path: built.path, anchor: match.anchor, now })));
  const { holder } = match;
  const base = { enrollment: holder, attestation: "x509" as const, findings };
  if (findings.some((each) => each.severity === "error")) {
    return leaf.isCa ? { ...base, findings: [...findings, leafIsAuthority(leaf)] } : base;
  }
  const deviceId = deviceIdOf(holder, leaf, request);
  const authentication = { type: "selfSigned" as const, thumbprints: [leaf.sha256] };
  return { ...base, proof: { kind: "hubIdentity", deviceId, authentication } };
}

function deviceIdOf(holder: EnrollmentRecord, leaf: Certificate, { registrationId }: AttestationRequest): string {
  if (holder.kind === "individual") return holder.deviceId ?? holder.registrationId;
  return leaf.commonName ?? registrationId;
}

/** That the chain does not reach its anchor is said once: by the link that is broken, where there is one. */
function pathFindings(problems: readonly PathProblem[]): readonly Finding[] {
  const broken = problems.some((each) => each.code === "signatureInvalid" || each.code === "keyIdMismatch");
  return problems.filter((each) => !(broken && each.code === "anchorNotReached")).map(pathFinding);
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
  context: AttestationContext,
): Promise<Match<GroupRecord> | undefined> {
  const above = path.slice(1);
  const groups = above.length === 0 ? [] : await context.store.groupsByCertificate(above.map((each) => each.sha256));
  const match = matchAbove(path, groups);
  const last = path.at(-1);
  if (match || !last) return match;
  return matchIssuer(path, await context.store.groupsBySubject(last.issuerRaw.toString("hex")), context);
}

/** The nearest certificate above the leaf that one of these holds. */
function matchAbove<Holder extends EnrollmentRecord>(
  path: readonly Certificate[],
  holders: readonly Holder[],
): Match<Holder> | undefined {
  for (const certificate of path.slice(1)) {
    const holder = holders.find((each) => held(each).some((one) => one.thumbprint === certificate.sha256));
    if (holder) return { holder, anchor: certificate };
  }
  return undefined;
}

/** The enrolled certificate that issued the last one sent; a namesake with another key only when none really did. */
function matchIssuer<Holder extends EnrollmentRecord>(
  path: readonly Certificate[],
  holders: readonly Holder[],
  context: AttestationContext,
): Match<Holder> | undefined {
  const last = path.at(-1);
  if (!last) return undefined;
  const issuer = last.issuerRaw.toString("hex");
  const namesakes = holders.flatMap((holder) =>
    held(holder).flatMap((each) =>
      each.der && each.subject === issuer
        ? [{ holder, anchor: context.certificates.read(Buffer.from(each.der, "base64")) }]
        : [],
    ),
  );
  const itself = namesakes.filter(({ anchor }) => !anchor.der.equals(last.der));
  return itself.find(({ anchor }) => isIssuedBy(last, anchor)) ?? itself[0];
}
