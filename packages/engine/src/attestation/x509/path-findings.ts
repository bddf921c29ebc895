import type { PathElement, PathProblem, PathProblemCode } from "@rollcall/pki";
import { pathProblems } from "@rollcall/pki";
import { type Element, type Finding, type FindingCode, finding } from "@rollcall/protocol";

/** What a fault of the path is called here: below the leaf's own, and for the CAs above it. */
const codes = {
  issuerMismatch: "link.signatureInvalid",
  keyIdMismatch: "link.signatureInvalid",
  signatureInvalid: "link.signatureInvalid",
  // An anchor is only ever chosen because it is in the path or bears the name of the last issuer.
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

/** Undefined for a fault that has no finding of its own. */
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

/** A fault of the path as a finding: which certificate, what was expected, what came. */
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
  if (code) return finding(code, detail);
  return finding("certificate.unusable", { ...detail, values: { problem: pathProblems[problem.code] } });
}
