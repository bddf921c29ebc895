import type { Certificate } from "./certificate.js";
import { keyIdsAgree } from "./issued-by.js";
import type { PathProblem } from "./path-problem.js";
import { checkSignature, signatureMethod } from "./signature.js";
import type { Work } from "./work.js";

type Complaint = Omit<PathProblem, "element">;

/** Facts about a link before it is judged. */
interface LinkContext {
  readonly work: Work;
  /** Whether all links above were good, so that the parent's key is known to be under the trusted certificate. */
  readonly proved: boolean;
}

/**
 * Returns the problems between a certificate and the certificate above it: name, key identifier, signature. The list is
 * empty for a good link.
 */
export function judgeLink(child: Certificate, parent: Certificate, context: LinkContext): Complaint[] {
  const problems: Complaint[] = [];
  if (!child.hasIssuerNamed(parent)) {
    problems.push({ code: "issuerMismatch", expected: child.issuer, got: parent.subject });
  }
  if (!keyIdsAgree(child, parent)) problems.push(keyIdMismatch(child, parent));
  const method = signatureMethod(child.algorithm);
  if (!method) {
    const got = child.signatureAlgorithm;
    return [...problems, { code: "unsupportedSignature", expected: "RSA, RSA-PSS, ECDSA or EdDSA", got }];
  }
  if (method.weak) problems.push({ code: "weakSignature", expected: "SHA-256 or better", got: method.name });
  const verifies = checkSignature(child, parent, context);
  if (verifies === true) return problems;
  const expected = `${method.name} by the key of ${parent.subject}`;
  if (verifies !== false) return [...problems, { code: "notChecked", expected, got: verifies.notChecked }];
  const key = `${parent.keyDescription}, SHA-256 ${parent.publicKeySha256.slice(0, 16)}…`;
  return [...problems, { code: "signatureInvalid", expected, got: `a signature that its key (${key}) did not make` }];
}

/**
 * The problem when the certificate above has the right name, but its key identifier or serial number is not what the
 * child names.
 */
export function keyIdMismatch(child: Certificate, parent: Certificate): Complaint {
  const wanted = child.authorityKeyId ?? `the issuer and serial number that ${child.subject} names`;
  return { code: "keyIdMismatch", expected: wanted, got: parent.subjectKeyId ?? parent.serialNumber };
}
