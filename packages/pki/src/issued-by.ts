import type { Certificate } from "./certificate.js";
import { foldedName } from "./distinguished-name.js";
import { type Checked, checkSignature, signatureMethod } from "./signature.js";
import { unlimitedWork, type Work } from "./work.js";

/**
 * Whether `parent` issued `child`: issuer name, key identifiers and signature agree, and the signature algorithm is
 * secure (not MD5, not SHA-1). Whether `parent` was allowed to issue it, and the dates, are not checked: see judgePath.
 * Costs one signature check (60 us on P-256) the first time for a pair of objects, if `work` allows it; otherwise the
 * answer is false.
 */
export function isIssuedBy(child: Certificate, parent: Certificate, work: Work = unlimitedWork): boolean {
  const method = signatureMethod(child.algorithm);
  if (!method || method.weak) return false;
  return isNamedIssuer(child, parent) && checkSignature(child, parent, { work, proved: true }) === true;
}

/** Whether names and key identifiers, which cost nothing, point from `child` to `parent`. */
export function isNamedIssuer(child: Certificate, parent: Certificate): boolean {
  return child.hasIssuerNamed(parent) && keyIdsAgree(child, parent);
}

/**
 * Whether the key identifiers agree (RFC 5280 section 4.2.1.1), as OpenSSL's X509_check_akid compares them: an
 * identifier that is absent on either side agrees.
 */
export function keyIdsAgree(child: Certificate, parent: Certificate): boolean {
  const authority = child.extensions.authorityKey;
  if (!authority) return true;
  const { subjectKeyId } = parent.extensions;
  if (authority.keyId && subjectKeyId && !authority.keyId.equals(subjectKeyId)) return false;
  if (authority.serial && !authority.serial.equals(parent.serialRaw)) return false;
  const issuer = authority.issuer?.find((name) => name.kind === "directory");
  return issuer === undefined || foldedName(issuer.names) === foldedName(parent.issuerNames);
}

/** Whether a certificate signed itself: a path ends there. */
export function isSelfSigned(certificate: Certificate): boolean {
  return checkSelfSigned(certificate, unlimitedWork) === true;
}

/** Like {@link isSelfSigned}, within `work`: its key is a stranger's. */
export function checkSelfSigned(certificate: Certificate, work: Work): Checked {
  if (!isNamedIssuer(certificate, certificate)) return false;
  return checkSignature(certificate, certificate, { work, proved: false });
}
