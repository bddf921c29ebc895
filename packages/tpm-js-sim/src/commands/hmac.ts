import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { hmac as hmacOf } from "../crypto.js";
import { hmacKeyOf } from "../storage.js";
import { Tpm2bDigest, Tpm2bMaxBuffer, TpmiAlgMac } from "../structures.js";

/** Part 3, TPM2_HMAC */
export const hmac = command({
  name: "HMAC",
  code: 0x155,
  handles: [user("object")],
  parameters: struct({ buffer: Tpm2bMaxBuffer, hashAlg: TpmiAlgMac }),
  response: struct({ outHmac: Tpm2bDigest }),
  run: (_memory, [entity], { buffer, hashAlg }) => {
    const { key, hash } = hmacKeyOf(entity, hashAlg);
    return { outHmac: hmacOf(hash, key, buffer) };
  },
});
