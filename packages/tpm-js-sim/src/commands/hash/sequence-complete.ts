import { hashTicket, nullTicket } from "../../authorization/tickets.js";
import { command, user } from "../../memory/command.js";
import { lastOf, noteBlock } from "../../objects/sequences.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, Tpm2bMaxBuffer, TpmiRhHierarchy, TpmtTicket } from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_SequenceComplete: the sequence is deleted. An HMAC gets no ticket in any hierarchy. */
export const sequenceComplete = command({
  name: "SequenceComplete",
  code: 0x13e,
  handles: [user("object")],
  parameters: struct({ buffer: Tpm2bMaxBuffer, hierarchy: TpmiRhHierarchy }),
  response: struct({ result: Tpm2bDigest, validation: TpmtTicket }),
  marks: ["flushed"],
  run: (memory, [entity], { buffer, hierarchy }) => {
    const [hash] = entity.is === "sequence" && !entity.sequence.isEvent ? entity.sequence.hashes : [];
    if (entity.is !== "sequence" || hash === undefined) throw new TpmError("mode", handle(1));
    memory.transient.delete(entity.handle);
    noteBlock(entity.sequence, buffer);
    const result = lastOf(hash.running, buffer);
    const allowed = entity.sequence.ticket === "allowed";
    const validation = allowed ? hashTicket(memory, hierarchy, result) : nullTicket(tags.hashCheck);
    return { result, validation };
  },
});
