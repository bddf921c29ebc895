import { createPrivateKey, randomBytes } from "node:crypto";
import type { Random } from "./crypto/crypto.js";
import type { RsaKeySource } from "./crypto/rsa-keys.js";
import { dispatch, dispatchBeside } from "./dispatch.js";
import type { Secret } from "./keys/keys.js";
import { adoptPrimary, findHint, makePrimary } from "./keys/primary.js";
import { devicePrimaries, eccDevicePrimaries, type PrimaryTemplate } from "./keys/templates.js";
import { hierarchySeeds, keyStateOf, memoryOf, snapshotOf, type TpmMemory, type TpmState } from "./memory/state.js";
import { hierarchies, persistentHandles } from "./tables/handles.js";
import { decode } from "./wire/codec.js";
import { Tpm2bPublic } from "./wire/structures.js";

/** Hints of primary RSA keys: base64 of 8 bytes each, by an id that says nothing about the seed. */
export type TpmHints = TpmState["hints"];

/** A TPM 2.0: command bytes in, response bytes out. */
export interface VirtualTpm {
  /** Runs one command. Any bytes are allowed; the answer is always a well-formed response. */
  send(command: Uint8Array): Buffer;
  /**
   * The same without blocking: new RSA keys are searched for in a few worker threads that all TPMs share. Commands of
   * `sendAsync` run in their order; a command of {@link send} may run between them.
   */
  sendAsync(command: Uint8Array): Promise<Buffer>;
  /** The state that this TPM keeps without power: seeds, hints, persistent keys. {@link createTpm} takes it. */
  snapshot(): TpmState;
  /** Power on; the TPM then waits for Startup. A TPM that has power already is not affected. */
  powerOn(): void;
  /** Power off: transient objects and sessions are gone, persistent ones stay. */
  powerOff(): void;
}

interface Surrounded {
  /** serves nonces, IVs and GetRandom; node's by default */
  readonly random?: Random;
  /** milliseconds of any origin, for clocks and the lockout; `Date.now` by default */
  readonly now?: () => number;
  /** where RSA keys come from; {@link seededRsaKeys} by default */
  readonly rsaKeys?: RsaKeySource;
}

interface Seeded extends Surrounded {
  /**
   * `rsa` (default) makes keys on request, from the template that comes. `ecc` is our extension: P-256 keys are
   * persistent at the EK's and the SRK's handles from the beginning, so that clients use these keys and nothing is
   * slow.
   */
  readonly keys?: "rsa" | "ecc";
  /** from {@link prepareTpm} or an earlier state: RSA keys of this seed then take under a millisecond */
  readonly hints?: TpmHints;
}

/** A TPM from a seed, or from the state of an earlier one. Either way it has power and has had its Startup. */
export type TpmOptions =
  | (Seeded & {
      /** any length; the same seed gives the same keys */
      readonly seed: Uint8Array | string;
    })
  | (Seeded & {
      /** of another TPM's state, when only the hierarchies' seeds are wanted */
      readonly seeds: TpmState["seeds"];
    })
  | (Surrounded & { readonly state: TpmState });

function persistEcc(memory: TpmMemory): void {
  const handles = [persistentHandles.endorsementKey, persistentHandles.storageRootKey];
  for (const [index, { hierarchy, template }] of eccDevicePrimaries.entries()) {
    const hierarchySeed = memory.seeds.get(hierarchy) ?? Buffer.alloc(0);
    const key = makePrimary({ hierarchy, template, hierarchySeed, hints: memory.hints, authValue: Buffer.alloc(0) });
    memory.persistent.set(handles[index] ?? 0, key);
  }
}

function memoryFor(options: TpmOptions): TpmMemory {
  const { random = randomBytes, now, rsaKeys } = options;
  if ("state" in options) return memoryOf(options.state, random, { now, rsaKeys });
  const { keys = "rsa", hints = {} } = options;
  const seeds = "seeds" in options ? options.seeds : hierarchySeeds(options.seed);
  const memory = memoryOf({ version: 1, seeds, hints, persistent: [] }, random, { now, rsaKeys });
  if (keys === "ecc") persistEcc(memory);
  return memory;
}

/**
 * Makes a TPM.
 * @param options a seed or a state
 * @throws Error for a state of an unknown version
 */
export function createTpm(options: TpmOptions): VirtualTpm {
  const memory = memoryFor(options);
  let last: Promise<void> | undefined;
  return {
    send: (command) => dispatch(memory, command),
    sendAsync: (command) => {
      const run = () => dispatchBeside(memory, command);
      const answer = last === undefined ? run() : last.then(run);
      const done = answer.then(() => {
        if (last === done) last = undefined;
      });
      last = done;
      return answer;
    },
    snapshot: () => snapshotOf(memory),
    powerOn: () => {
      if (memory.power === "off") memory.power = "on";
    },
    powerOff: () => {
      memory.power = "off";
      memory.transient.clear();
      memory.sessions.clear();
      memory.savedSessions.clear();
      memory.savedSequences.clear();
      memory.exclusiveAudit = undefined;
      memory.seeds.set(hierarchies.null, memory.random(32));
    },
  };
}

/** The input of {@link prepareTpm}. */
export interface PrepareOptions {
  readonly seed: Uint8Array | string;
  /** the keys to look for; the Node SDK's EK and SRK by default */
  readonly primaries?: readonly PrimaryTemplate[];
}

/**
 * Finds a TPM's RSA keys before it is made, in the worker threads that all TPMs share, one key after another. As many
 * calls at once as there are processors keep the threads busy, and the event loop stays free.
 * @returns hints for {@link createTpm}, worth keeping: the same seed always has the same hints
 */
export async function prepareTpm({ seed, primaries = devicePrimaries }: PrepareOptions): Promise<TpmHints> {
  const { seeds } = memoryOf({ version: 1, seeds: hierarchySeeds(seed), hints: {}, persistent: [] }, randomBytes);
  const hints: Record<string, string> = {};
  for (const { hierarchy, template } of primaries) {
    const found = await findHint(seeds.get(hierarchy) ?? Buffer.alloc(0), template);
    if (found !== undefined) hints[found[0]] = found[1].toString("base64");
  }
  return hints;
}

/** An existing key that is to be persistent in a TPM. */
export interface KnownKey {
  readonly handle: number;
  /** ENDORSEMENT for an endorsement key, OWNER for a storage root key */
  readonly hierarchy: number;
  /** TPM2B_PUBLIC */
  readonly publicKey: Uint8Array;
  /** PKCS8 DER for RSA, the 32-byte scalar for P-256 */
  readonly privateKey: { readonly pkcs8: Uint8Array } | { readonly scalar: Uint8Array };
}

/** The input of {@link stateWithKeys}. */
export interface KnownKeysInput {
  readonly seed: Uint8Array | string;
  readonly keys: readonly KnownKey[];
}

/**
 * The state of a TPM with given keys at given handles, for {@link createTpm}.
 * @throws TpmError or Error for keys that cannot be read
 */
export function stateWithKeys({ seed, keys }: KnownKeysInput): TpmState {
  const persistent = keys.map(({ handle, hierarchy, publicKey, privateKey }) => {
    const secret: Secret =
      "scalar" in privateKey
        ? { kind: "ecc", scalar: Buffer.from(privateKey.scalar) }
        : { kind: "rsa", key: createPrivateKey({ key: Buffer.from(privateKey.pkcs8), format: "der", type: "pkcs8" }) };
    return keyStateOf(handle, adoptPrimary(hierarchy, decode(Tpm2bPublic, publicKey), secret));
  });
  return { version: 1, seeds: hierarchySeeds(seed), hints: {}, persistent };
}
