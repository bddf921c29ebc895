import { buildPath, type Certificate, isIssuedBy, isSelfSigned, judgePath, type PathProblem } from "@rollcall/pki";
import { type Finding, finding } from "@rollcall/protocol";
import type { EnrolledCertificate } from "../attestation-record.js";
import type { GroupRecord } from "../ports.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../verdict.js";
import { pathFinding } from "./path-findings.js";
import { checkCommonName } from "./presented.js";

interface Match {
  readonly group: GroupRecord;
  readonly anchor: Certificate;
}

/**
 * Finds the group of a chain: the signing certificate nearest to the leaf decides, whether it was sent or only issued
 * the last one that was (section 6.2, 6); then judges the path up to it. Collects every fault.
 */
export async function groupByChain(
  request: AttestationRequest,
  context: AttestationContext,
  presented: readonly Certificate[],
  before: readonly Finding[],
): Promise<Verdict> {
  const leaf = presented[0];
  if (!leaf) return { findings: before, attestation: "x509" };
  const now = new Date(context.now);
  const built = buildPath(presented, { now });
  const findings = [...before, ...checkCommonName(leaf, request.registrationId), ...sendingFindings(presented, built)];
  const match = await findMatch(built.path, context);
  if (!match) {
    const authority = leaf.isCa ? [leafIsAuthority(leaf)] : [];
    return { findings: [...findings, ...authority, ...(await noGroup(built.path, context))], attestation: "x509" };
  }
  findings.push(...pathFindings(judgePath({ path: built.path, anchor: match.anchor, now })));
  const { group, anchor } = match;
  const base = { enrollment: group, attestation: "x509" as const, findings };
  if (findings.some((each) => each.severity === "error")) {
    return leaf.isCa ? { ...base, findings: [...findings, leafIsAuthority(leaf)] } : base;
  }
  const deviceId = leaf.commonName ?? request.registrationId;
  return {
    ...base,
    proof: {
      kind: "hubIdentity",
      deviceId,
      authentication: { type: "x509Authority", authorities: authorities(group, anchor) },
    },
  };
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

const subjects = (certificates: readonly Certificate[]) =>
  certificates.map((each) => each.subject || "(no subject)").join("; ");

function held(group: GroupRecord): readonly EnrolledCertificate[] {
  const { attestation } = group;
  if (attestation.type !== "x509" || attestation.holds !== "signingCertificates") return [];
  return [attestation.primary, ...(attestation.secondary ? [attestation.secondary] : [])];
}

function authorities(group: GroupRecord, anchor: Certificate): readonly string[] {
  const all = held(group).flatMap((each) => (each.der ? [each.der] : []));
  return all.length > 0 ? all : [anchor.der.toString("base64")];
}

const read = (context: AttestationContext, der: string) => context.certificates.read(Buffer.from(der, "base64"));

async function findMatch(path: readonly Certificate[], context: AttestationContext): Promise<Match | undefined> {
  const above = path.slice(1);
  const groups = above.length === 0 ? [] : await context.store.groupsByCertificate(above.map((each) => each.sha256));
  for (const certificate of above) {
    const group = groups.find((each) => held(each).some((one) => one.thumbprint === certificate.sha256));
    if (group) return { group, anchor: certificate };
  }
  return matchIssuer(path, context);
}

/** The enrolled certificate that issued the last one sent; a namesake with another key only when none really did. */
async function matchIssuer(path: readonly Certificate[], context: AttestationContext): Promise<Match | undefined> {
  const last = path.at(-1);
  if (!last) return undefined;
  const issuer = last.issuerRaw.toString("hex");
  const groups = await context.store.groupsBySubject(issuer);
  const namesakes = groups.flatMap((group) =>
    held(group).flatMap((each) =>
      each.der && each.subject === issuer ? [{ group, anchor: read(context, each.der) }] : [],
    ),
  );
  const itself = namesakes.filter(({ anchor }) => !anchor.der.equals(last.der));
  return itself.find(({ anchor }) => isIssuedBy(last, anchor)) ?? itself[0];
}

/** Says what is missing between the chain that came and the groups that there are. */
async function noGroup(path: readonly Certificate[], context: AttestationContext): Promise<readonly Finding[]> {
  const last = path.at(-1);
  if (!last) return [];
  const complete = isSelfSigned(last);
  // A self-signed leaf belongs to an individual enrollment, if to anything: no chain is missing there.
  if (complete && path.length === 1) return [];
  const nearest = nearestGroups(await context.store.x509Groups(), context);
  const details = {
    expected: nearest ?? "an enrollment group with a certificate of this chain",
    got: subjects(path),
    ...(nearest && { nearest }),
  };
  if (complete) return [finding("chain.untrusted", { ...details, values: { last: last.subject } })];
  const keyId = last.authorityKeyId ? ` (key id ${last.authorityKeyId})` : "";
  return [
    finding("chain.issuerMissing", {
      ...details,
      subject: last.issuer,
      values: { count: path.length, last: last.subject || "(no subject)", issuer: `${last.issuer}${keyId}` },
    }),
  ];
}

/** Names at most three groups and what they trust. */
function nearestGroups(groups: readonly GroupRecord[], context: AttestationContext): string | undefined {
  const named = groups.slice(0, 3).map((group) => {
    const trusted = held(group).flatMap((each) => (each.der ? [read(context, each.der).subject] : []));
    return `group ${group.enrollmentGroupId} trusts ${trusted.join(" and ") || "a certificate by name"}`;
  });
  if (named.length === 0) return undefined;
  return groups.length > 3 ? `${named.join("; ")}; and ${groups.length - 3} more` : named.join("; ");
}
