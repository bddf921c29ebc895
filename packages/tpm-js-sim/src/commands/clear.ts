import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { hmac } from "../crypto.js";
import type { TpmMemory } from "../state.js";
import { algorithms } from "../tables/algorithms.js";
import { has, nvAttributes } from "../tables/attributes.js";
import { hierarchies } from "../tables/handles.js";
import { TpmError } from "../tpm-error.js";

const cleared: readonly number[] = [hierarchies.owner, hierarchies.endorsement];

function forgetKeys(memory: TpmMemory): void {
  for (const objects of [memory.transient, memory.persistent]) {
    for (const [handle, object] of objects) {
      if (object.is === "key" && cleared.includes(object.hierarchy)) objects.delete(handle);
    }
  }
}

/**
 * Part 3, TPM2_Clear: the owner's keys and indices are gone and the next SRK is another one; the EK can be made again.
 * The new seed follows from the old, so that a cleared TPM too is a function of its seed.
 */
export const clear = command({
  name: "Clear",
  code: 0x126,
  handles: [user("clear")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv", "extensive"],
  run: (memory) => {
    if (memory.clearDisabled) throw new TpmError("disabled");
    const seed = memory.seeds.get(hierarchies.owner) ?? Buffer.alloc(0);
    memory.seeds.set(hierarchies.owner, hmac(algorithms.sha256, seed, Buffer.from("clear")));
    forgetKeys(memory);
    for (const [index, { publicArea }] of memory.nv) {
      if (!has(publicArea.attributes, nvAttributes.platformCreate)) memory.nv.delete(index);
    }
    for (const handle of [...cleared, hierarchies.lockout]) {
      memory.authValues.delete(handle);
      memory.policies.delete(handle);
    }
    memory.lockout.clear();
    memory.pcrCounter += 1;
    return {};
  },
});
