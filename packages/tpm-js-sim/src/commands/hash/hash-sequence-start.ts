import { trimmed } from "../../authorization/entity-auth.js";
import { runningHash } from "../../crypto/running-hash.js";
import { command } from "../../memory/command.js";
import { pcrBanks } from "../../memory/pcrs.js";
import { freeObjectHandle } from "../../objects/objects.js";
import { algorithms } from "../../tables/algorithms.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, TpmiAlgHashOrNull } from "../../wire/structures.js";

/** Part 3, TPM2_HashSequenceStart. With hash NULL it starts an event sequence, which has one hash per PCR bank. */
export const hashSequenceStart = command({
  name: "HashSequenceStart",
  code: 0x186,
  handles: [],
  parameters: struct({ auth: Tpm2bDigest, hashAlg: TpmiAlgHashOrNull }),
  response: struct({}),
  makesHandle: true,
  run: (memory, _entities, { auth, hashAlg }) => {
    const isEvent = hashAlg === algorithms.null;
    const algorithmsOf = isEvent ? pcrBanks : [hashAlg];
    const hashes = algorithmsOf.map((each) => ({ hashAlg: each, running: runningHash(each) }));
    const handle = freeObjectHandle(memory);
    memory.transient.set(handle, { is: "sequence", authValue: trimmed(auth), hashes, isEvent, ticket: "undecided" });
    return { handle, response: {} };
  },
});
