import { createHmac } from "node:crypto";
import type { Location } from "./location.js";

/**
 * What tells whether two nodes have the same CA and the same keys, by the names of the files; ca.pem is always that of ca-key.pem.
 * The certificate is public. Of the keys, each 32 random bytes or more, it is an HMAC with all of them as its key.
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
