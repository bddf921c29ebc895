import type { Certificate } from "./certificate.js";
import { isNamedIssuer } from "./issued-by.js";

const MAX_ORDERED = 100;

/**
 * Certificates in the order of a chain: each behind one that it issued, by names and key ids (no signature is checked).
 * Those that belong to no chain keep their place behind it. `first`, when it is given, is the leaf.
 */
export function leafFirst(certificates: readonly Certificate[], first?: Certificate): readonly Certificate[] {
  if (certificates.length > MAX_ORDERED) return certificates;
  const isIssuer = (one: Certificate) => certificates.some((each) => each !== one && isNamedIssuer(each, one));
  const rest = new Set(certificates);
  const ordered: Certificate[] = [];
  let next = first ?? certificates.find((each) => !isIssuer(each)) ?? certificates[0];
  while (next) {
    ordered.push(next);
    rest.delete(next);
    const child: Certificate = next;
    next = [...rest].find((each) => isNamedIssuer(child, each));
  }
  return [...ordered, ...rest];
}
