import { struct } from "../codec.js";
import { command, plain } from "../command.js";
import { contextIntegrity, encodeKey, encodeSession } from "../contexts.js";
import { Tpm2bDigest, TpmsContext } from "../structures.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { hierarchies } from "../tables/handles.js";
import { handle, TpmError } from "../tpm-error.js";

const ordinary = 0x8000_0000;
const ofStClear = 0x8000_0002;

/** Part 3, TPM2_ContextSave. An object stays loaded, a session leaves. Sequences cannot be saved: node has no way to copy their state out. */
export const contextSave = command({
  name: "ContextSave",
  code: 0x162,
  handles: [plain("context")],
  parameters: struct({}),
  response: struct({ context: TpmsContext }),
  sessions: "forbidden",
  run: (memory, [entity]) => {
    if (entity.is === "sequence") throw new TpmError("type", handle(1));
    memory.contextCounter += 1n;
    const sequence = memory.contextCounter;
    const content = entity.is === "key" ? encodeKey(entity.key) : encodeSession(entity.session);
    const stClear = entity.is === "key" && has(entity.key.publicArea.objectAttributes, objectAttributes.stClear);
    const objectHandle = stClear ? ofStClear : ordinary;
    const savedHandle = entity.is === "key" ? objectHandle : entity.handle;
    const hierarchy = entity.is === "key" ? entity.key.hierarchy : hierarchies.null;
    const integrity = contextIntegrity(memory, { sequence, savedHandle, hierarchy }, content);
    if (entity.is === "session") {
      memory.sessions.delete(entity.handle);
      memory.savedSessions.set(entity.handle, sequence);
    }
    const contextBlob = Buffer.concat([Tpm2bDigest.encode(integrity), content]);
    return { context: { sequence, savedHandle, hierarchy, contextBlob } };
  },
});
