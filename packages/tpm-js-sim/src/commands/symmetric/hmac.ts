import { hmac as hmacOf } from "../../crypto/crypto.js";
import { command, user } from "../../memory/command.js";
import { hmacKeyOf } from "../../objects/storage.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, Tpm2bMaxBuffer, TpmiAlgMac } from "../../wire/structures.js";

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
