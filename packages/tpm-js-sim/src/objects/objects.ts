import { nameOf } from "../crypto/crypto.js";
import type { TpmKey } from "../keys/keys.js";
import { publicAreaName } from "../keys/keys.js";
import type { TpmMemory } from "../memory/state.js";
import { firstHandles } from "../tables/handles.js";
import { freeHandle } from "../wire/free-handle.js";

/** The handle that the next transient object gets. @throws TpmError TPM_RC_OBJECT_MEMORY */
export function freeObjectHandle(memory: TpmMemory): number {
  return freeHandle(firstHandles.transient, memory.transient.keys(), "objectMemory");
}

/** A key as a child of its parent. */
export function childOf(
  parent: TpmKey,
  parts: Pick<TpmKey, "publicArea" | "authValue" | "seedValue" | "secret">,
): TpmKey {
  const name = publicAreaName(parts.publicArea);
  const qualifiedName = nameOf(parts.publicArea.nameAlg, Buffer.concat([parent.qualifiedName, name]));
  return { is: "key", ...parts, name, qualifiedName, hierarchy: parent.hierarchy };
}
