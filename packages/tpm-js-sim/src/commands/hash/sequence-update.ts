import { command, user } from "../../memory/command.js";
import { noteBlock } from "../../objects/sequences.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bMaxBuffer } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_SequenceUpdate */
export const sequenceUpdate = command({
  name: "SequenceUpdate",
  code: 0x15c,
  handles: [user("object")],
  parameters: struct({ buffer: Tpm2bMaxBuffer }),
  response: struct({}),
  run: (_memory, [entity], { buffer }) => {
    // The reference implementation blames the parameter, not the handle.
    if (entity.is !== "sequence") throw new TpmError("mode", parameter(1));
    noteBlock(entity.sequence, buffer);
    for (const { running } of entity.sequence.hashes) running.update(buffer);
    return {};
  },
});
