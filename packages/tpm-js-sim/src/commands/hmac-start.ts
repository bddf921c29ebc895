import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { trimmed } from "../entity-auth.js";
import { runningHmac } from "../running-hash.js";
import { freeHandle } from "../slots.js";
import { hmacKeyOf } from "../storage.js";
import { Tpm2bDigest, TpmiAlgMac } from "../structures.js";
import { firstHandles } from "../tables/handles.js";

/** Part 3, TPM2_HMAC_Start */
export const hmacStart = command({
  name: "HMAC_Start",
  code: 0x15b,
  handles: [user("object")],
  parameters: struct({ auth: Tpm2bDigest, hashAlg: TpmiAlgMac }),
  response: struct({}),
  makesHandle: true,
  run: (memory, [entity], { auth, hashAlg }) => {
    const { key, hash } = hmacKeyOf(entity, hashAlg);
    const handle = freeHandle(firstHandles.transient, memory.transient.keys(), "objectMemory");
    const hashes = [{ hashAlg: hash, running: runningHmac(hash, key) }];
    const sequence = { authValue: trimmed(auth), hashes, isEvent: false, ticket: "none" } as const;
    memory.transient.set(handle, { is: "sequence", ...sequence });
    return { handle, response: {} };
  },
});
