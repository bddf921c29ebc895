import { trimmed } from "../../authorization/entity-auth.js";
import { runningHmac } from "../../crypto/running-hash.js";
import { command, user } from "../../memory/command.js";
import { hmacKeyOf } from "../../objects/storage.js";
import { firstHandles } from "../../tables/handles.js";
import { struct } from "../../wire/codec.js";
import { freeHandle } from "../../wire/free-handle.js";
import { Tpm2bDigest, TpmiAlgMac } from "../../wire/structures.js";

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
