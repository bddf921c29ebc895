import { hashes } from "../tables/algorithms.js";
import { TpmError } from "./tpm-error.js";

/** The row of a hash algorithm. @throws TpmError TPM_RC_HASH for an algorithm that this TPM lacks */
export function hashOf(algorithm: number): { node: string; digestSize: number; blockSize: number } {
  const row = hashes.get(algorithm);
  if (row === undefined) throw new TpmError("hash");
  return row;
}
