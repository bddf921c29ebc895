import { createHash } from "node:crypto";
import { struct } from "../codec.js";
import { command } from "../command.js";
import { trimmed } from "../entity-auth.js";
import { hashOf } from "../hashes.js";
import { freeObjectHandle } from "../objects.js";
import { Tpm2bDigest, TpmiAlgHash } from "../structures.js";

/** Part 3, TPM2_HashSequenceStart. Event sequences (hash NULL) are not known. */
export const hashSequenceStart = command({
  name: "HashSequenceStart",
  code: 0x186,
  handles: [],
  parameters: struct({ auth: Tpm2bDigest, hashAlg: TpmiAlgHash }),
  response: struct({}),
  makesHandle: true,
  run: (memory, _entities, { auth, hashAlg }) => {
    const { node } = hashOf(hashAlg);
    const handle = freeObjectHandle(memory);
    const sequence = { authValue: trimmed(auth), mac: createHash(node), ticket: "undecided" } as const;
    memory.transient.set(handle, { is: "sequence", ...sequence });
    return { handle, response: {} };
  },
});
