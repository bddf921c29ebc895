import { command, type Entity, plain, user } from "../../memory/command.js";
import type { TpmMemory } from "../../memory/state.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { firstHandles, handleType, handleTypes, hierarchies } from "../../tables/handles.js";
import { struct, u32 } from "../../wire/codec.js";
import { handle as handlePlace, parameter, TpmError } from "../../wire/tpm-error.js";

/** Each authority has its half of the persistent handles (Part 2, clause 7.2). */
function mayUse(authority: number, persistent: number): boolean {
  if (handleType(persistent) !== handleTypes.persistent) return false;
  const platform = persistent >= firstHandles.platformPersistent;
  return platform === (authority === hierarchies.platform);
}

function persist(memory: TpmMemory, entity: Entity, target: number): void {
  if (entity.is !== "key") throw new TpmError("attributes", handlePlace(2));
  if (has(entity.key.publicArea.objectAttributes, objectAttributes.stClear)) {
    throw new TpmError("attributes", handlePlace(2));
  }
  if (entity.key.hierarchy === hierarchies.null) throw new TpmError("hierarchy", handlePlace(2));
  if (memory.persistent.has(target)) throw new TpmError("nvDefined");
  memory.persistent.set(target, entity.key);
}

/** Part 3, TPM2_EvictControl: makes a transient object persistent, or deletes a persistent one. */
export const evictControl = command({
  name: "EvictControl",
  code: 0x120,
  handles: [user("provision"), plain("object")],
  parameters: struct({ persistentHandle: u32 }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [authority, entity], { persistentHandle }) => {
    const transient = handleType(entity.handle) === handleTypes.transient;
    if (!transient && entity.handle !== persistentHandle) throw new TpmError("handle", handlePlace(2));
    if (!mayUse(authority.handle, persistentHandle)) throw new TpmError("range", parameter(1));
    if (transient) {
      persist(memory, entity, persistentHandle);
      return {};
    }
    memory.persistent.delete(entity.handle);
    return {};
  },
});
