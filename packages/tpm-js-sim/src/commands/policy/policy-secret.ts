import { applyAuthorization, checkLimits, expiryOf, grantTicket } from "../../authorization/policy.js";
import { command, type Entity, plain, user } from "../../memory/command.js";
import { has, nvAttributes } from "../../tables/attributes.js";
import { hierarchies } from "../../tables/handles.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Int32, Tpm2bDigest, Tpm2bTimeout, TpmtTicket } from "../../wire/structures.js";
import { parameter } from "../../wire/tpm-error.js";

const code = 0x151;
const places = { nonce: parameter(1), cpHash: parameter(2), expiration: parameter(4) };

/** The hierarchy whose proof authenticates an entity's tickets (reference implementation, EntityGetHierarchy). */
function hierarchyOf(entity: Entity): number {
  if (entity.is === "key") return entity.key.hierarchy;
  if (entity.is === "nv") {
    return has(entity.nv.publicArea.attributes, nvAttributes.platformCreate) ? hierarchies.platform : hierarchies.owner;
  }
  if (entity.handle === hierarchies.platform || entity.handle === hierarchies.endorsement) return entity.handle;
  return hierarchies.owner;
}

/** Part 3, TPM2_PolicySecret: with a negative expiration it returns a ticket for PolicyTicket. */
export const policySecret = command({
  name: "PolicySecret",
  code,
  handles: [user("entity"), plain("policySession")],
  parameters: struct({ nonceTpm: Tpm2bDigest, cpHashA: Tpm2bDigest, policyRef: Tpm2bDigest, expiration: Int32 }),
  response: struct({ timeout: Tpm2bTimeout, policyTicket: TpmtTicket }),
  run: (memory, [entity, { session }], { nonceTpm, cpHashA, policyRef, expiration }) => {
    const trial = session.type === "trial";
    // A trial session only computes a digest.
    const expiresAt = trial ? undefined : expiryOf(memory, session, expiration, nonceTpm);
    const limits = { nonceTpm, cpHashA, policyRef, expiresAt };
    if (!trial) checkLimits(memory, session, limits, places);
    applyAuthorization(session, code, entity.name, limits);
    const wanted = { tag: tags.authSecret, hierarchy: hierarchyOf(entity), name: entity.name, limits, expiration };
    return grantTicket(memory, session, wanted);
  },
});
