import type { Certificate } from "./certificate.js";
import { extendedKeyUsages } from "./oids.js";
import type { PathProblem } from "./path-problem.js";
import { largestRsa } from "./public-key-info.js";

type Complaint = Omit<PathProblem, "element">;

interface Context {
  readonly clientAuth: boolean;
  readonly isLeaf: boolean;
}

/**
 * Below 80 bits of security, OpenSSL's level 1, forging is affordable. OpenSSL rounds the bits in steps of 8 and
 * accepts RSA keys from 920 bits on.
 */
const smallestRsa = 920;
const smallestCurve = 160;

/** Problems that a certificate can have anywhere in a path, at any time. */
export function judgeElement(certificate: Certificate, context: Context): Complaint[] {
  return [
    ...judgeKey(certificate),
    ...judgeCritical(certificate),
    ...(context.clientAuth ? judgePurpose(certificate, context.isLeaf) : []),
  ];
}

interface IssuerContext {
  /** CA certificates between this issuer and the leaf. */
  readonly below: number;
  readonly isLast: boolean;
}

/** Problems of a certificate as the issuer of another. */
export function judgeIssuer(certificate: Certificate, { below, isLast }: IssuerContext): Complaint[] {
  const problems: Complaint[] = [];
  const { keyUsage, pathLength } = certificate;
  if (keyUsage && !keyUsage.includes("keyCertSign")) {
    problems.push({ code: "noKeyCertSign", expected: "key usage with keyCertSign", got: keyUsage.join(", ") });
  }
  if (!countsAsCa(certificate, isLast))
    problems.push({ code: "notCa", expected: "basic constraints CA:TRUE", got: caText(certificate) });
  if (pathLength !== undefined && below > pathLength) {
    problems.push({
      code: "pathLengthExceeded",
      expected: `at most ${pathLength} CA certificates below`,
      got: `${below}`,
    });
  }
  return problems;
}

/**
 * As OpenSSL's check_ca (crypto/x509/v3_purp.c): basic constraints decide. Only the trusted certificate, the last, may do
 * without them: a version 1 root, a key usage that allows signing, or Netscape's "SSL CA".
 */
function countsAsCa(certificate: Certificate, isLast: boolean): boolean {
  const { basicConstraints, keyUsage, netscapeCertType = 0 } = certificate.extensions;
  if (basicConstraints) return basicConstraints.ca;
  if (!isLast) return false;
  if (certificate.version === 1 && certificate.isSelfIssued) return true;
  return keyUsage !== undefined || (netscapeCertType & 0x04) !== 0;
}

function caText(certificate: Certificate): string {
  if (certificate.extensions.basicConstraints) return "CA:FALSE";
  return certificate.version === 3
    ? "no basic constraints"
    : `version ${certificate.version}, without basic constraints`;
}

/** Problems of a certificate at one moment. */
export function judgeDates(certificate: Certificate, now: Date): Complaint[] {
  const { notBefore, notAfter } = certificate;
  if (notBefore <= now && now < notAfter) return [];
  const expected = `valid at ${now.toISOString()}`;
  const problems: Complaint[] = [];
  if (now < notBefore) problems.push({ code: "notYetValid", expected, got: `valid from ${notBefore.toISOString()}` });
  // The second named notAfter counts as past, as in OpenSSL's X509_cmp_time, though RFC 5280 includes it.
  if (now >= notAfter) problems.push({ code: "expired", expected, got: `valid until ${notAfter.toISOString()}` });
  return problems;
}

function judgeKey(certificate: Certificate): Complaint[] {
  const { bits, description, explicitCurve, tooLarge } = certificate.keyInfo;
  if (tooLarge) {
    const expected = `RSA of at most ${largestRsa.modulus} bits, with an exponent of at most ${largestRsa.exponent} bits`;
    return [{ code: "keyTooLarge", expected, got: description }];
  }
  if (explicitCurve) return [{ code: "explicitCurve", expected: "a named curve", got: description }];
  const smallest = description.startsWith("RSA") ? smallestRsa : smallestCurve;
  if (bits === 0 || bits >= smallest) return [];
  return [{ code: "weakKey", expected: "at least RSA 1024 or EC P-256", got: description }];
}

function judgeCritical(certificate: Certificate): Complaint[] {
  const unknown = certificate.unknownCritical;
  if (unknown.length === 0) return [];
  return [
    { code: "unknownCriticalExtension", expected: "only extensions that are understood", got: usageNames(unknown) },
  ];
}

/** Purpose "sslclient": CA certificates that limit their purposes must allow it too. */
function judgePurpose(certificate: Certificate, isLeaf: boolean): Complaint[] {
  const problems: Complaint[] = [];
  const { extendedKeyUsage, keyUsage } = certificate;
  if (extendedKeyUsage && !extendedKeyUsage.includes(extendedKeyUsages.clientAuth)) {
    problems.push({ code: "wrongExtendedKeyUsage", expected: "clientAuth", got: usageNames(extendedKeyUsage) });
  }
  if (!isLeaf) return problems;
  if (keyUsage && !keyUsage.includes("digitalSignature") && !keyUsage.includes("keyAgreement")) {
    problems.push({ code: "wrongKeyUsage", expected: "digitalSignature or keyAgreement", got: keyUsage.join(", ") });
  }
  const { netscapeCertType } = certificate.extensions;
  if (netscapeCertType !== undefined && (netscapeCertType & 0x80) === 0) {
    problems.push({ code: "wrongKeyUsage", expected: "Netscape certificate type SSL client", got: "another type" });
  }
  return problems;
}

/** How many usages a problem names: a certificate may have thousands. */
const namedUsages = 8;

function usageNames(oids: readonly string[]): string {
  const names = Object.entries(extendedKeyUsages);
  const shown = oids.slice(0, namedUsages).map((oid) => names.find(([, value]) => value === oid)?.[0] ?? oid);
  const more = oids.length > namedUsages ? ` and ${oids.length - namedUsages} more` : "";
  return `${shown.join(", ") || "none"}${more}`;
}
