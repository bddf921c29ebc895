import type { Certificate } from "./certificate.js";
import { keyIdsAgree } from "./issued-by.js";
import type { PathProblem } from "./path-problem.js";
import { signatureMethod, signatureVerifies } from "./signature.js";

/** Problems between a certificate and the certificate above it: name, key identifier, signature. */
export function judgeLink(child: Certificate, parent: Certificate): Omit<PathProblem, "element">[] {
  const problems: Omit<PathProblem, "element">[] = [];
  if (!child.hasIssuerNamed(parent)) {
    problems.push({ code: "issuerMismatch", expected: child.issuer, got: parent.subject });
  }
  if (!keyIdsAgree(child, parent)) problems.push(keyIdMismatch(child, parent));
  const method = signatureMethod(child.algorithm);
  if (!method) {
    problems.push({
      code: "unsupportedSignature",
      expected: "RSA, RSA-PSS, ECDSA or EdDSA",
      got: child.signatureAlgorithm,
    });
    return problems;
  }
  if (method.weak) problems.push({ code: "weakSignature", expected: "SHA-256 or better", got: method.name });
  if (!signatureVerifies(child, parent)) {
    problems.push({
      code: "signatureInvalid",
      expected: `${method.name} by the key of ${parent.subject}`,
      got: `a signature that its key (${parent.keyDescription}, SHA-256 ${parent.publicKeySha256.slice(0, 16)}…) did not make`,
    });
  }
  return problems;
}

/**
 * The problem when the certificate above has the right name, but its key identifier or serial number is not what the
 * child names.
 */
export function keyIdMismatch(child: Certificate, parent: Certificate): Omit<PathProblem, "element"> {
  const wanted = child.authorityKeyId ?? `the issuer and serial number that ${child.subject} names`;
  return { code: "keyIdMismatch", expected: wanted, got: parent.subjectKeyId ?? parent.serialNumber };
}
