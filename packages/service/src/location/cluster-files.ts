import { createHmac } from "node:crypto";
import type { Location } from "./location.js";

/**
 * Fingerprints of the CA and of the keys, by file name. They are equal on two nodes with the same CA and the same keys.
 * ca.pem has no fingerprint, since it always belongs to ca-key.pem. The CA's fingerprint is that of its certificate,
 * which is public. The keys' fingerprint is an HMAC whose key is all the keys, each 32 random bytes or more.
 */
export function clusterFingerprints({
  authority,
  secrets,
}: Pick<Location, "authority" | "secrets">): Readonly<Record<string, string>> {
  const { policyKey, clusterSecret, managementToken } = secrets;
  const keys = JSON.stringify([policyKey, clusterSecret, managementToken]);
  return {
    "ca-key.pem": authority.certificate.sha256,
    "secrets.json": createHmac("sha256", keys).update("rollcall cluster: secrets.json").digest("hex"),
  };
}
