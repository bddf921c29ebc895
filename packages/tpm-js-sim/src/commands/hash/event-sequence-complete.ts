import { command, user } from "../../memory/command.js";
import { countPcrChange, extendPcr, mayExtend } from "../../memory/pcrs.js";
import { lastOf } from "../../objects/sequences.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bMaxBuffer, TpmlDigestValues } from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_EventSequenceComplete: hashes a long event for every bank, and extends a PCR with the results. */
export const eventSequenceComplete = command({
  name: "EventSequenceComplete",
  code: 0x185,
  handles: [user("pcrOrNull"), user("object")],
  parameters: struct({ buffer: Tpm2bMaxBuffer }),
  response: struct({ results: TpmlDigestValues }),
  marks: ["nv", "flushed"],
  run: (memory, [pcr, entity], { buffer }) => {
    if (entity.is !== "sequence" || !entity.sequence.isEvent) throw new TpmError("mode", handle(2));
    if (pcr.is === "pcr" && !mayExtend(pcr.handle)) throw new TpmError("locality");
    memory.transient.delete(entity.handle);
    const results = entity.sequence.hashes.map(({ hashAlg, running }) => {
      return { hashAlg, digest: lastOf(running, buffer) };
    });
    if (pcr.is !== "pcr") return { results };
    for (const { hashAlg, digest } of results) extendPcr(memory, hashAlg, pcr.handle, digest);
    countPcrChange(memory, pcr.handle);
    return { results };
  },
});
