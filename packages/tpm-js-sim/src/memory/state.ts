import { createHmac } from "node:crypto";
import type { Random } from "../crypto/crypto.js";
import { type RsaKeySource, seededRsaKeys } from "../crypto/rsa-keys.js";
import type { RunningHash } from "../crypto/running-hash.js";
import { type KeyMaking, makingAtOnce } from "../keys/key-source.js";
import { publicAreaName, type Secret, type TpmKey } from "../keys/keys.js";
import { privateBytes, secretFromBytes } from "../keys/private-key-bytes.js";
import { hierarchies } from "../tables/handles.js";
import { decode } from "../wire/codec.js";
import { Tpm2bPublic, type TpmtSymDef } from "../wire/structures.js";
import { type Lockout, type LockoutState, newLockout } from "./lockout.js";
import { type NvIndex, type NvState, nvIndexOf, nvStateOf } from "./nv.js";

/** A running hash of a sequence. */
export interface SequenceHash {
  readonly hashAlg: number;
  readonly running: RunningHash;
}

/** An HMAC or hash sequence between its start and its completion. */
export interface Sequence {
  readonly is: "sequence";
  readonly authValue: Buffer;
  /** one hash, or for an event sequence one hash per PCR bank */
  readonly hashes: readonly SequenceHash[];
  /** started with hash NULL, and ended by EventSequenceComplete */
  readonly isEvent: boolean;
  /** whether the result may have a ticket: the first block of a hash sequence decides; an HMAC never gets a ticket */
  ticket: "undecided" | "allowed" | "none";
}

/** A session between StartAuthSession and its end. */
export interface Session {
  readonly type: "hmac" | "policy" | "trial";
  readonly hashAlg: number;
  /** how parameters are encrypted in it */
  readonly symmetric: TpmtSymDef;
  /** empty for a session that is neither salted nor bound */
  readonly sessionKey: Buffer;
  /**
   * Name and auth value of the entity that an HMAC session is bound to; the session's key already contains that auth
   * value
   */
  bound: Buffer | undefined;
  /** which lockout counts a wrong HMAC because of the binding, whatever the session is used for */
  readonly countsFor: "nothing" | "object" | "lockout";
  /** digest of all audited commands; undefined for a session that never audited */
  auditDigest: Buffer | undefined;
  nonceTpm: Buffer;
  policyDigest: Buffer;
  /** set by a policy that allows only one set of parameters, one set of handles, or one template */
  pinned: PolicyPin | undefined;
  /** set by PolicyCommandCode; the ADMIN role needs it */
  commandCode: number | undefined;
  /** set by PolicyAuthValue and PolicyPassword: what the policy requires in addition */
  wants: "nothing" | "authValue" | "password";
  /** set by PolicyPCR: the count of PCR changes that it saw */
  pcrCounter: number | undefined;
  /** set by PolicyLocality: TPMA_LOCALITY */
  locality: number | undefined;
  /** set by PolicyPhysicalPresence */
  presence: boolean;
  /** set by PolicyNvWritten: whether the index must have been written */
  nvWritten: boolean | undefined;
  /** the time of the TPM when the session began, in milliseconds */
  readonly startedAt: bigint;
  /** set by an authorization that expires: the time of the TPM at which it ends */
  expiresAt: bigint | undefined;
}

/**
 * The digest that a policy requires of a command: of its parameters, of its handles' Names, or of a new object's
 * template. `cpHashAndTemplate`: PolicyTemplate pinned the template, then an authorization pinned the parameters to the
 * same digest. The parameters then decide, but PolicyTemplate may come again (reference implementation,
 * isTemplateSet stays set).
 */
export interface PolicyPin {
  readonly to: "cpHash" | "nameHash" | "template" | "cpHashAndTemplate";
  readonly digest: Buffer;
}

/** A policy of a hierarchy, and the hash that sessions for it must use. */
export interface HierarchyPolicy {
  readonly digest: Buffer;
  readonly hashAlg: number;
}

/** Everything that one TPM remembers. Commands read and change it; nothing else does. */
export interface TpmMemory {
  readonly random: Random;
  readonly rsaKeys: RsaKeySource;
  /** differs while `sendAsync` runs a command */
  keyMaking: KeyMaking;
  readonly seeds: Map<number, Buffer>;
  readonly authValues: Map<number, Buffer>;
  /** hints of primary RSA keys, by the hex of the key's seed */
  readonly hints: Map<string, Buffer>;
  readonly persistent: Map<number, TpmKey>;
  readonly transient: Map<number, TpmKey | Sequence>;
  readonly sessions: Map<number, Session>;
  /** sessions that ContextSave has unloaded, by handle, with the number of the context that restores them */
  readonly savedSessions: Map<number, bigint>;
  /**
   * copies of the sequences that ContextSave has saved, by the number of their context: node cannot export a hash's
   * state
   */
  readonly savedSequences: Map<bigint, Sequence>;
  contextCounter: bigint;
  /** the exclusive audit session: it has audited every command since its first audit */
  exclusiveAudit: number | undefined;
  /** PCRs that differ from their initial values, by bank and number (`pcrs.ts`) */
  pcrs: Map<number, Buffer>;
  pcrCounter: number;
  readonly nv: Map<number, NvIndex>;
  /** the highest value that any NV counter ever had; a new counter goes on from it */
  nvCounter: bigint;
  /** policies that SetPrimaryPolicy has set, by hierarchy */
  readonly policies: Map<number, HierarchyPolicy>;
  readonly lockout: Lockout;
  /** set by ClearControl */
  clearDisabled: boolean;
  /** milliseconds, of any origin */
  readonly now: () => number;
  readonly startedAt: number;
  /** milliseconds that ClockSet has put the clock forward */
  clockAhead: bigint;
  resetCount: number;
  restartCount: number;
  /** whether the last command was a Shutdown, and of which type */
  shutdown: "none" | "clear" | "state";
  /** `on`: the TPM has power, but no Startup yet */
  power: "off" | "on" | "started";
}

/** A key as JSON. `private` is base64 of PKCS8 DER (RSA), of the scalar (P-256) or of the HMAC key. */
export interface TpmKeyState {
  readonly handle: number;
  readonly hierarchy: number;
  /** base64 of the TPM2B_PUBLIC */
  readonly public: string;
  readonly secret: Secret["kind"];
  readonly private: string;
  readonly qualifiedName: string;
  readonly authValue: string;
  readonly seedValue: string;
}

/** The state that a TPM keeps without power, as a JSON value. Binary values are base64, hints and seeds too. */
export interface TpmState {
  readonly version: 1;
  readonly seeds: Readonly<Record<"owner" | "endorsement" | "platform", string>>;
  readonly hints: Readonly<Record<string, string>>;
  readonly persistent: readonly TpmKeyState[];
  /** auth values of hierarchies, by handle; left out when all are empty */
  readonly authValues?: Readonly<Record<string, string>>;
  readonly nv?: readonly NvState[];
  /** decimal; left out while no counter has existed */
  readonly nvCounter?: string;
  /** policies of hierarchies, by handle; left out when no policy is set */
  readonly policies?: Readonly<Record<string, { readonly digest: string; readonly hashAlg: number }>>;
  /** left out while it is as in a new TPM */
  readonly lockout?: LockoutState;
  readonly clearDisabled?: true;
}

const seeded = {
  owner: hierarchies.owner,
  endorsement: hierarchies.endorsement,
  platform: hierarchies.platform,
} as const;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64");
}

/** The primary seeds of the hierarchies, from one seed of any length. */
export function hierarchySeeds(seed: Uint8Array | string): TpmState["seeds"] {
  const of = (name: string): string =>
    createHmac("sha256", seed).update(`tpm-js-sim hierarchy ${name}`).digest("base64");
  return { owner: of("owner"), endorsement: of("endorsement"), platform: of("platform") };
}

/** A persistent key as JSON. */
export function keyStateOf(handle: number, key: TpmKey): TpmKeyState {
  return {
    handle,
    hierarchy: key.hierarchy,
    public: base64(Tpm2bPublic.encode(key.publicArea)),
    secret: key.secret.kind,
    private: base64(privateBytes(key.secret)),
    qualifiedName: base64(key.qualifiedName),
    authValue: base64(key.authValue),
    seedValue: base64(key.seedValue),
  };
}

function keyOf(state: TpmKeyState): TpmKey {
  const publicArea = decode(Tpm2bPublic, bytesOf(state.public));
  return {
    is: "key",
    publicArea,
    name: publicAreaName(publicArea),
    qualifiedName: bytesOf(state.qualifiedName),
    hierarchy: state.hierarchy,
    authValue: bytesOf(state.authValue),
    seedValue: bytesOf(state.seedValue),
    secret: secretFromBytes(state.secret, bytesOf(state.private)),
  };
}

function policiesAsJson({ policies }: TpmMemory): NonNullable<TpmState["policies"]> {
  const rows = [...policies].map(([handle, { digest, hashAlg }]) => [handle, { digest: base64(digest), hashAlg }]);
  return Object.fromEntries(rows);
}

function policiesFrom(state: TpmState): TpmMemory["policies"] {
  const rows = Object.entries(state.policies ?? {});
  return new Map(rows.map(([handle, { digest, hashAlg }]) => [Number(handle), { digest: bytesOf(digest), hashAlg }]));
}

/**
 * The state that outlives the power: seeds, hints, persistent keys, NV, auth values, policies and the lockout.
 * Everything else is lost, as in hardware.
 */
export function snapshotOf(memory: TpmMemory): TpmState {
  const seed = (hierarchy: number): string => base64(memory.seeds.get(hierarchy) ?? Buffer.alloc(0));
  const authValues = [...memory.authValues].filter(([, value]) => value.length > 0);
  const lockout = memory.lockout.snapshot();
  return {
    version: 1,
    seeds: { owner: seed(seeded.owner), endorsement: seed(seeded.endorsement), platform: seed(seeded.platform) },
    hints: Object.fromEntries([...memory.hints].map(([id, hint]) => [id, base64(hint)])),
    persistent: [...memory.persistent].map(([handle, key]) => keyStateOf(handle, key)),
    ...(authValues.length > 0
      ? { authValues: Object.fromEntries(authValues.map(([handle, value]) => [String(handle), base64(value)])) }
      : {}),
    ...(memory.nv.size > 0 ? { nv: [...memory.nv.values()].map(nvStateOf) } : {}),
    ...(memory.nvCounter > 0n ? { nvCounter: String(memory.nvCounter) } : {}),
    ...(memory.policies.size > 0 ? { policies: policiesAsJson(memory) } : {}),
    ...(lockout === undefined ? {} : { lockout }),
    ...(memory.clearDisabled ? { clearDisabled: true } : {}),
  };
}

/** The clock and the key source of a TPM, which are not part of its state. */
export interface Surroundings {
  readonly now?: (() => number) | undefined;
  readonly rsaKeys?: RsaKeySource | undefined;
}

/**
 * Memory of a TPM that has power and has had its Startup, as a driver finds one. @throws Error for a state of an
 * unknown version
 */
export function memoryOf(state: TpmState, random: Random, around: Surroundings = {}): TpmMemory {
  if (state.version !== 1) throw new Error(`TPM state version ${String(state.version)} is not known`);
  const seeds = Object.entries(seeded).map(([name, hierarchy]) => {
    const text = state.seeds[name as keyof typeof seeded]; // keys of the table itself
    return [hierarchy, bytesOf(text)] as const;
  });
  const { now = Date.now, rsaKeys = seededRsaKeys } = around;
  const authValues = Object.entries(state.authValues ?? {});
  return {
    random,
    rsaKeys,
    keyMaking: makingAtOnce(random, rsaKeys),
    // The NULL hierarchy's seed is new with every start of the TPM (Part 1, "NULL Hierarchy").
    seeds: new Map([...seeds, [hierarchies.null, random(32)]]),
    authValues: new Map(authValues.map(([handle, value]) => [Number(handle), bytesOf(value)])),
    hints: new Map(Object.entries(state.hints).map(([id, hint]) => [id, bytesOf(hint)])),
    persistent: new Map(state.persistent.map((key) => [key.handle, keyOf(key)])),
    transient: new Map(),
    sessions: new Map(),
    savedSessions: new Map(),
    savedSequences: new Map(),
    contextCounter: 0n,
    exclusiveAudit: undefined,
    pcrs: new Map(),
    pcrCounter: 0,
    nv: new Map((state.nv ?? []).map((nv) => [nv.index, nvIndexOf(nv)])),
    nvCounter: BigInt(state.nvCounter ?? 0),
    policies: policiesFrom(state),
    lockout: newLockout(now, state.lockout),
    clearDisabled: state.clearDisabled ?? false,
    now,
    startedAt: now(),
    clockAhead: 0n,
    resetCount: 0,
    restartCount: 0,
    shutdown: "none",
    power: "started",
  };
}
