import type { PathElement, PathProblem, PathProblemCode } from "@rollcall/pki";
import { pathProblems } from "@rollcall/pki";
import { type Element, type Finding, type FindingCode, finding } from "@rollcall/protocol";

/** The finding's code for each fault of the path. */
const codes = {
  issuerMismatch: "link.signatureInvalid",
  keyIdMismatch: "link.signatureInvalid",
  signatureInvalid: "link.signatureInvalid",
  // An anchor is only chosen if it is in the path or has the name of the last issuer, so it must be the signature.
  anchorNotReached: "link.signatureInvalid",
  weakSignature: "certificate.weakSignature",
  notCa: "ca.notAuthority",
  noKeyCertSign: "ca.mayNotSign",
  pathLengthExceeded: "ca.pathLengthExceeded",
  unknownCriticalExtension: "certificate.unknownCriticalExtension",
  wrongKeyUsage: "leaf.notForClients",
  wrongExtendedKeyUsage: "leaf.notForClients",
  noCertificate: "certificate.missing",
} as const satisfies Readonly<Partial<Record<PathProblemCode, FindingCode>>>;

const dateCodes = {
  expired: { leaf: "leaf.expired", ca: "ca.expired" },
  notYetValid: { leaf: "leaf.notYetValid", ca: "ca.notYetValid" },
} as const;

/** Undefined for a fault that has no separate finding. */
function codeOf(problem: PathProblem) {
  if (problem.code === "expired" || problem.code === "notYetValid") {
    return dateCodes[problem.code][problem.element.kind === "leaf" ? "leaf" : "ca"];
  }
  return hasCode(problem.code) ? codes[problem.code] : undefined;
}

const hasCode = (problem: PathProblemCode): problem is keyof typeof codes => Object.hasOwn(codes, problem);

/** The element of a finding for a certificate of a path. */
function elementOf(element: PathElement): Element {
  return element.kind;
}

/** A fault of the path as a finding: the certificate, the expected and the actual value. */
export function pathFinding(problem: PathProblem): Finding {
  const place =
    problem.element.kind === "intermediate" ? `intermediate ${problem.element.index}` : problem.element.kind;
  const code = codeOf(problem);
  const detail = {
    element: elementOf(problem.element),
    subject: `${place}: ${problem.element.subject || "(no subject)"}`,
    expected: problem.expected,
    got: problem.got,
  };
  if (problem.code === "notChecked") {
    return finding("chain.notChecked", { ...detail, values: { what: problem.expected, reason: problem.got } });
  }
  if (code) return finding(code, detail);
  return finding("certificate.unusable", { ...detail, values: { problem: pathProblems[problem.code] } });
}

/** Problems that leave no doubt: what was not checked besides could only explain more. */
const decided: ReadonlySet<PathProblemCode> = new Set<PathProblemCode>([
  "signatureInvalid",
  "issuerMismatch",
  "keyIdMismatch",
  "unsupportedSignature",
  "weakSignature",
  "anchorNotReached",
  "notCa",
  "noKeyCertSign",
  "pathLengthExceeded",
]);

/**
 * The faults of a path as findings. That the chain does not reach its anchor is said once: by the link that is broken,
 * where there is one. A check that was not made is an error only where it decides.
 */
export function pathFindings(problems: readonly PathProblem[]): readonly Finding[] {
  const broken = problems.some((each) => each.code === "signatureInvalid" || each.code === "keyIdMismatch");
  const isDecided = problems.some((each) => decided.has(each.code));
  return problems
    .filter((each) => !(broken && each.code === "anchorNotReached"))
    .map((each) =>
      isDecided && each.code === "notChecked" ? notExplained(each.expected, each.got) : pathFinding(each),
    );
}

/** Says what was not checked of a refusal that stands anyway. */
export const notExplained = (what: string, reason: string): Finding =>
  finding("chain.notExplained", { values: { what, reason }, got: reason });
