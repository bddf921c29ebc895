import { struct, u32 } from "../codec.js";
import { command, user } from "../command.js";
import { Tpm2bDigest, Tpm2bMaxBuffer, TpmtTicket } from "../structures.js";
import { hierarchies } from "../tables/handles.js";
import { tags } from "../tables/tags.js";
import { handle, parameter, TpmError } from "../tpm-error.js";

const known: readonly number[] = [hierarchies.owner, hierarchies.endorsement, hierarchies.platform, hierarchies.null];

/** Part 3, TPM2_SequenceComplete: the sequence is gone afterwards. An HMAC gets no ticket, in whatever hierarchy. */
export const sequenceComplete = command({
  name: "SequenceComplete",
  code: 0x13e,
  handles: [user("object")],
  parameters: struct({ buffer: Tpm2bMaxBuffer, hierarchy: u32 }),
  response: struct({ result: Tpm2bDigest, validation: TpmtTicket }),
  run: (memory, [entity], { buffer, hierarchy }) => {
    if (entity.is !== "sequence") throw new TpmError("mode", handle(1));
    if (!known.includes(hierarchy)) throw new TpmError("value", parameter(2));
    memory.transient.delete(entity.handle);
    const result = entity.sequence.mac.update(buffer).digest();
    return { result, validation: { tag: tags.hashCheck, hierarchy: hierarchies.null, digest: Buffer.alloc(0) } };
  },
});
