import { command, type Entity, plain } from "../../memory/command.js";
import { type ContextHead, contextIntegrity, encodeKey, encodeSession } from "../../objects/contexts.js";
import { keepSequence } from "../../objects/sequences.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { hierarchies, savedHandles } from "../../tables/handles.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, TpmsContext } from "../../wire/structures.js";

type Saved = Extract<Entity, { is: "key" | "sequence" | "session" }>;

function headOf(entity: Saved, sequence: bigint): ContextHead {
  if (entity.is === "session") return { sequence, savedHandle: entity.handle, hierarchy: hierarchies.null };
  if (entity.is === "sequence") return { sequence, savedHandle: savedHandles.sequence, hierarchy: hierarchies.null };
  const { publicArea, hierarchy } = entity.key;
  const stClear = has(publicArea.objectAttributes, objectAttributes.stClear);
  return { sequence, savedHandle: stClear ? savedHandles.stClear : savedHandles.ordinary, hierarchy };
}

/** The content of a context. That of a sequence is empty: the sequence stays here under the context's number. */
function contentOf(entity: Saved): Buffer {
  if (entity.is === "sequence") return Buffer.alloc(0);
  return entity.is === "key" ? encodeKey(entity.key) : encodeSession(entity.session);
}

/** Part 3, TPM2_ContextSave. An object stays loaded; a session is unloaded. */
export const contextSave = command({
  name: "ContextSave",
  code: 0x162,
  handles: [plain("context")],
  parameters: struct({}),
  response: struct({ context: TpmsContext }),
  sessions: "forbidden",
  run: (memory, [entity]) => {
    memory.contextCounter += 1n;
    const sequence = memory.contextCounter;
    const head = headOf(entity, sequence);
    const content = contentOf(entity);
    const integrity = contextIntegrity(memory, head, content);
    if (entity.is === "sequence") keepSequence(memory, sequence, entity.sequence);
    if (entity.is === "session") {
      memory.sessions.delete(entity.handle);
      memory.savedSessions.set(entity.handle, sequence);
    }
    return { context: { ...head, contextBlob: Buffer.concat([Tpm2bDigest.encode(integrity), content]) } };
  },
});
