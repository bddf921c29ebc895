import { createHmac, createPrivateKey, type Hmac } from "node:crypto";
import { decode } from "./codec.js";
import type { Random } from "./crypto.js";
import { publicAreaName, type Secret, type TpmKey } from "./keys.js";
import { Tpm2bPublic } from "./structures.js";
import { hierarchies } from "./tables/handles.js";

/** An HMAC sequence between its start and its completion. */
export interface Sequence {
  readonly is: "sequence";
  readonly authValue: Buffer;
  readonly mac: Hmac;
}

/** A session between StartAuthSession and its end. */
export interface Session {
  readonly type: "hmac" | "policy" | "trial";
  readonly hashAlg: number;
  nonceTpm: Buffer;
  policyDigest: Buffer;
  /** set by a policy that allows one command with one set of parameters only */
  cpHash: Buffer | undefined;
  /** set by PolicyCommandCode; the ADMIN role needs it */
  commandCode: number | undefined;
}

/** Everything that one TPM remembers. Commands read and change it; nothing else does. */
export interface TpmMemory {
  readonly random: Random;
  readonly seeds: Map<number, Buffer>;
  readonly authValues: Map<number, Buffer>;
  /** hints of primary RSA keys, by the hex of the key's seed */
  readonly hints: Map<string, Buffer>;
  readonly persistent: Map<number, TpmKey>;
  readonly transient: Map<number, TpmKey | Sequence>;
  readonly sessions: Map<number, Session>;
  /** `on` is a TPM that has not had its Startup */
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

/** What a TPM keeps without power, as a JSON value. Binary values are base64, hints and seeds too. */
export interface TpmState {
  readonly version: 1;
  readonly seeds: Readonly<Record<"owner" | "endorsement" | "platform", string>>;
  readonly hints: Readonly<Record<string, string>>;
  readonly persistent: readonly TpmKeyState[];
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

function privateBytes(secret: Secret): Buffer {
  if (secret.kind === "rsa") return secret.key.export({ format: "der", type: "pkcs8" });
  return secret.kind === "ecc" ? secret.scalar : secret.key;
}

function secretOf(kind: Secret["kind"], bytes: Buffer): Secret {
  if (kind === "rsa") return { kind, key: createPrivateKey({ key: bytes, format: "der", type: "pkcs8" }) };
  return kind === "ecc" ? { kind, scalar: bytes } : { kind, key: bytes };
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
    secret: secretOf(state.secret, bytesOf(state.private)),
  };
}

/** What memory keeps when power goes: seeds, hints and persistent keys. Everything else is lost, as in hardware. */
export function snapshotOf(memory: TpmMemory): TpmState {
  const seed = (hierarchy: number): string => base64(memory.seeds.get(hierarchy) ?? Buffer.alloc(0));
  return {
    version: 1,
    seeds: { owner: seed(seeded.owner), endorsement: seed(seeded.endorsement), platform: seed(seeded.platform) },
    hints: Object.fromEntries([...memory.hints].map(([id, hint]) => [id, base64(hint)])),
    persistent: [...memory.persistent].map(([handle, key]) => keyStateOf(handle, key)),
  };
}

/** Memory of a TPM that has power and has had its Startup, as a driver finds one. @throws Error for a state that is none */
export function memoryOf(state: TpmState, random: Random): TpmMemory {
  if (state.version !== 1) throw new Error(`TPM state version ${String(state.version)} is not known`);
  const seeds = Object.entries(seeded).map(([name, hierarchy]) => {
    const text = state.seeds[name as keyof typeof seeded]; // keys of the table itself
    return [hierarchy, bytesOf(text)] as const;
  });
  return {
    random,
    // The NULL hierarchy's seed is new with every start of the TPM (Part 1, "NULL Hierarchy").
    seeds: new Map([...seeds, [hierarchies.null, random(32)]]),
    authValues: new Map(),
    hints: new Map(Object.entries(state.hints).map(([id, hint]) => [id, bytesOf(hint)])),
    persistent: new Map(state.persistent.map((key) => [key.handle, keyOf(key)])),
    transient: new Map(),
    sessions: new Map(),
    power: "started",
  };
}
