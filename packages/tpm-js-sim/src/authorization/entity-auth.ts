import type { Command, Entity, HandleSpec } from "../memory/command.js";
import type { HierarchyPolicy, TpmMemory } from "../memory/state.js";
import { has, nvAttributes, objectAttributes } from "../tables/attributes.js";
import { hierarchies } from "../tables/handles.js";

// Part 1, clause 19 (authorizations): what authorizes an entity, and what protects its auth value.

const nothing = Buffer.alloc(0);

/** Auth values are compared without trailing zeros (Part 1, "Authorization Values"). */
export function trimmed(auth: Buffer): Buffer {
  let length = auth.length;
  while (length > 0 && auth[length - 1] === 0) length -= 1;
  return auth.subarray(0, length);
}

/** The auth value of an entity now, without trailing zeros. */
export function authValueOf(memory: TpmMemory, entity: Entity): Buffer {
  if (entity.is === "key") return trimmed(entity.key.authValue);
  if (entity.is === "sequence") return trimmed(entity.sequence.authValue);
  if (entity.is === "nv") return trimmed(entity.nv.authValue);
  return trimmed(memory.authValues.get(entity.handle) ?? nothing);
}

const nvWriters: readonly string[] = ["NV_Write", "NV_Increment", "NV_Extend", "NV_SetBits", "NV_WriteLock"];

/** Which bits of an NV index a command needs, for its auth value and for its policy. */
function nvRight({ name }: Command): { readonly auth: number; readonly policy: number } {
  return nvWriters.includes(name)
    ? { auth: nvAttributes.authWrite, policy: nvAttributes.policyWrite }
    : { auth: nvAttributes.authRead, policy: nvAttributes.policyRead };
}

/** The policy with which a command may use an entity; undefined where no policy applies. */
export function policyOf(
  memory: TpmMemory,
  entity: Entity,
  role: HandleSpec["role"],
  row: Command,
): HierarchyPolicy | undefined {
  if (entity.is === "hierarchy") return memory.policies.get(entity.handle);
  if (entity.is !== "nv" && entity.is !== "key") return undefined;
  const publicArea = entity.is === "nv" ? entity.nv.publicArea : entity.key.publicArea;
  const byBits = entity.is === "nv" && !needsPolicy(entity, role);
  if (byBits && !has(entity.nv.publicArea.attributes, nvRight(row).policy)) return undefined;
  if (entity.is === "key" && entity.key.secret.kind === "none") return undefined;
  const { authPolicy: digest, nameAlg: hashAlg } = publicArea;
  // A key's empty policy never matches: no session's digest is empty.
  return entity.is === "nv" && digest.length === 0 ? undefined : { digest, hashAlg };
}

/** Whether only a policy authorizes an entity in a role. */
export function needsPolicy(entity: Entity, role: HandleSpec["role"]): boolean {
  if (role === "dup" || (role === "admin" && entity.is === "nv")) return true;
  if (role !== "admin" || entity.is !== "key") return false;
  return has(entity.key.publicArea.objectAttributes, objectAttributes.adminWithPolicy);
}

/** Whether the auth value alone authorizes an entity in a role (Part 1, table "Authorization role"). */
export function authValueSuffices(entity: Entity, role: HandleSpec["role"], row: Command): boolean {
  if (entity.is === "nv") return has(entity.nv.publicArea.attributes, nvRight(row).auth);
  if (entity.is !== "key") return true;
  const bits = entity.key.publicArea.objectAttributes;
  if (entity.key.secret.kind === "none") return false;
  return role === "admin" || has(bits, objectAttributes.userWithAuth);
}

/** Whether wrong auth values of an entity are counted by the lockout. */
export function isProtected(entity: Entity): boolean {
  if (entity.is === "key") return !has(entity.key.publicArea.objectAttributes, objectAttributes.noDa);
  return entity.is === "nv" && !has(entity.nv.publicArea.attributes, nvAttributes.noDa);
}

/** Whether an entity is the lockout hierarchy, whose auth value has its own protection. */
export function isLockout(entity: Entity): boolean {
  return entity.handle === hierarchies.lockout;
}
