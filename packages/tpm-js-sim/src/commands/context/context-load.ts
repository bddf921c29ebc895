import { timingSafeEqual } from "node:crypto";
import type { TpmKey } from "../../keys/keys.js";
import { command } from "../../memory/command.js";
import type { Sequence, TpmMemory } from "../../memory/state.js";
import { type ContextHead, contextIntegrity, decodeKey, decodeSession } from "../../objects/contexts.js";
import { freeObjectHandle } from "../../objects/objects.js";
import { keptSequence } from "../../objects/sequences.js";
import { isSessionHandle, savedHandles, ticketHierarchies } from "../../tables/handles.js";
import { Reader, struct } from "../../wire/codec.js";
import { Tpm2bDigest, TpmsContext } from "../../wire/structures.js";
import { blaming, parameter, TpmError } from "../../wire/tpm-error.js";

const objectHandles: readonly number[] = Object.values(savedHandles);

/** @throws TpmError TPM_RC_INTEGRITY for a sequence that was dropped */
function objectOf(memory: TpmMemory, { savedHandle, sequence }: ContextHead, content: Buffer): TpmKey | Sequence {
  if (savedHandle !== savedHandles.sequence) return decodeKey(content);
  const sequenceCopy = keptSequence(memory, sequence);
  if (sequenceCopy === undefined) throw new TpmError("integrity", parameter(1));
  return sequenceCopy;
}

/** Part 3, TPM2_ContextLoad: a session's context works once, an object's as often as wanted. */
export const contextLoad = command({
  name: "ContextLoad",
  code: 0x161,
  handles: [],
  parameters: struct({ context: TpmsContext }),
  response: struct({}),
  sessions: "forbidden",
  makesHandle: true,
  run: (memory, _entities, { context }) => {
    const { sequence, savedHandle, hierarchy, contextBlob } = context;
    const isSession = isSessionHandle(savedHandle);
    const known = isSession || objectHandles.includes(savedHandle);
    if (!known || !ticketHierarchies.includes(hierarchy)) throw new TpmError("value", parameter(1));
    const reader = new Reader(contextBlob);
    const integrity = blaming(parameter(1), () => Tpm2bDigest.read(reader));
    const content = reader.rest();
    const expected = contextIntegrity(memory, context, content);
    const intact = integrity.length === expected.length && timingSafeEqual(integrity, expected);
    if (!intact) throw new TpmError("integrity", parameter(1));
    if (!isSession) {
      const handle = freeObjectHandle(memory);
      memory.transient.set(handle, objectOf(memory, context, content));
      return { handle, response: {} };
    }
    if (memory.savedSessions.get(savedHandle) !== sequence) throw new TpmError("handle", parameter(1));
    memory.savedSessions.delete(savedHandle);
    memory.sessions.set(savedHandle, decodeSession(content));
    return { handle: savedHandle, response: {} };
  },
});
