import { createHmac } from "node:crypto";
import type { Random } from "./crypto/crypto.js";
import { makeAuthenticationKey } from "./keys/credential.js";
import { hierarchySeeds, type TpmState } from "./memory/state.js";
import { hierarchies, persistentHandles } from "./tables/handles.js";
import { createTpm } from "./virtual-tpm.js";

// Accidents of real devices, made on purpose for tests of services and firmware. A state is a value: two TPMs of one
// state are clones.

/** TPM2_Clear by the platform, without a password. */
const clearCommand = Buffer.from("80020000001b000001264000000c00000009400000090000010000", "hex");

/** Replaces the P-256 keys that createTpm made persistent by keys of the new seeds. */
function withEccKeys(before: TpmState, after: TpmState): TpmState {
  const wasEcc = before.persistent.some(
    ({ handle, secret }) => handle === persistentHandles.endorsementKey && secret === "ecc",
  );
  if (!wasEcc) return after;
  const made = createTpm({ seeds: after.seeds, keys: "ecc" }).snapshot();
  const own: readonly number[] = [persistentHandles.endorsementKey, persistentHandles.storageRootKey];
  const others = after.persistent.filter(({ handle }) => !own.includes(handle));
  return { ...after, persistent: [...made.persistent, ...others] };
}

/** The state after TPM2_Clear: a different storage root key, the same endorsement key, no identity key. */
export function cleared(state: TpmState): TpmState {
  const tpm = createTpm({ state });
  tpm.send(clearCommand);
  return withEccKeys(state, tpm.snapshot());
}

/**
 * The state after the board was exchanged: a different endorsement key, everything else unchanged.
 * @param seed of the new endorsement hierarchy; the same seed gives the same key
 */
export function withOtherEndorsementKey(state: TpmState, seed: Uint8Array | string): TpmState {
  const endorsement = hierarchySeeds(createHmac("sha256", seed).update(state.seeds.endorsement).digest()).endorsement;
  const persistent = state.persistent.filter(({ hierarchy }) => hierarchy !== hierarchies.endorsement);
  return withEccKeys(state, { ...state, seeds: { ...state.seeds, endorsement }, persistent });
}

/** The state after too many wrong passwords: entities that the lockout protects get TPM_RC_LOCKOUT. */
export function lockedOut(state: TpmState): TpmState {
  const { maxTries = 3, recoveryTime = 1000, lockoutRecovery = 1000 } = state.lockout ?? {};
  return { ...state, lockout: { failedTries: maxTries, maxTries, recoveryTime, lockoutRecovery } };
}

/** A TPM's public keys, as TPM2B_PUBLIC. */
export interface PublicKeys {
  readonly endorsementKey: Uint8Array;
  readonly storageRootKey: Uint8Array;
}

/** The input of {@link badAuthenticationKeys}. */
export interface BadAuthenticationKeysInput {
  /** the TPM that is to be sent a bad challenge */
  readonly target: PublicKeys;
  /** another TPM, of the same kind */
  readonly other: PublicKeys;
  /** the identity key that the challenge would bring */
  readonly key: Uint8Array;
  readonly random: Random;
}

/** Challenges that `target` must not accept, and a good one that it must accept. */
export interface BadAuthenticationKeys {
  readonly good: Buffer;
  /** made for the other TPM */
  readonly foreign: Buffer;
  /** for this endorsement key, but with the other's storage root key: what a man in the middle would send */
  readonly wrongStorageRootKey: Buffer;
  /** ends in the middle of the duplicate */
  readonly truncated: Buffer;
  /** one bit of the credential differs */
  readonly damaged: Buffer;
}

/**
 * A good `authenticationKey`, and one for each way in which it can be wrong. A stale challenge is any that was used
 * before.
 */
export function badAuthenticationKeys(input: BadAuthenticationKeysInput): BadAuthenticationKeys {
  const { target, other, random } = input;
  const key = Buffer.from(input.key);
  const good = makeAuthenticationKey({ ...target, key, random });
  const damaged = Buffer.from(good);
  damaged[40] = (damaged[40] ?? 0) ^ 1;
  return {
    good,
    foreign: makeAuthenticationKey({ ...other, key, random }),
    wrongStorageRootKey: makeAuthenticationKey({ ...target, storageRootKey: other.storageRootKey, key, random }),
    truncated: good.subarray(0, good.length >> 1),
    damaged,
  };
}
