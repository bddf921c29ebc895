import type { Certificate } from "./certificate.js";
import { isIssuedBy } from "./issued-by.js";

/** A CA, the certificate uploaded to prove that its key is held, and the code that was asked for. */
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
