import type { Certificate } from "./certificate.js";
import { isIssuedBy } from "./issued-by.js";

/** A CA, the certificate uploaded to prove possession of its key, and the code that the certificate has to carry. */
export interface Possession {
  readonly ca: Certificate;
  readonly verification: Certificate;
  readonly code: string;
}

/**
 * Whether `verification` was signed by the CA for exactly this code, its CN (wire.md#proof-of-possession). Its dates do
 * not matter.
 */
export function isProofOfPossession({ ca, verification, code }: Possession): boolean {
  return code !== "" && verification.commonName === code && isIssuedBy(verification, ca);
}
