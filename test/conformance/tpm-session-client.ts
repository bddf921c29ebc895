import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  publicEncrypt,
  randomBytes,
} from "node:crypto";

// The caller's side of TPM sessions (Part 1, "Session-based authorizations" and "Session-based encryption"), on node:crypto
// alone: what proves our TPM must not share its code.

export type Send = (command: Buffer) => Buffer;

export const hashes = {
  sha1: { id: 0x0004, size: 20 },
  sha256: { id: 0x000b, size: 32 },
  sha384: { id: 0x000c, size: 48 },
} as const;
export type HashName = keyof typeof hashes;

/** As StartAuthSession sends it, and how many bits of AES that is; 0 for XOR and for none. */
export const symmetrics = {
  none: { bytes: "0010", bits: 0 },
  aes128: { bytes: "000600800043", bits: 128 },
  aes256: { bytes: "000601000043", bits: 256 },
  xor: { bytes: "000a000b", bits: 0 },
} as const;
export type SymmetricName = keyof typeof symmetrics;

export const sessionTypes = { hmac: "00", policy: "01", trial: "03" } as const;

/** TPMA_SESSION */
export const bits = { continue: 1, exclusive: 2, reset: 4, decrypt: 0x20, encrypt: 0x40, audit: 0x80 } as const;

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
export const sized = (bytes: Uint8Array): Buffer => Buffer.concat([u16(bytes.length), bytes]);
const empty = Buffer.alloc(0);

function kdfa(hash: HashName, key: Buffer, label: string, u: Buffer, v: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 1; blocks.length * hashes[hash].size < length; counter += 1) {
    const parts = [u32(counter), Buffer.from(`${label}\0`), u, v, u32(length * 8)];
    blocks.push(createHmac(hash, key).update(Buffer.concat(parts)).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** Something with a handle. */
export interface Thing {
  readonly handle: number;
  readonly name: Buffer;
  readonly auth: Buffer;
  /** TPM2B_PUBLIC of a key that salts are sent to */
  readonly publicArea?: Buffer;
}

export function permanent(handle: number, auth: Buffer = empty): Thing {
  return { handle, name: u32(handle), auth };
}

export const nobody = permanent(0x40000007);

export interface Session {
  readonly handle: number;
  readonly hash: HashName;
  readonly symmetric: SymmetricName;
  readonly key: Buffer;
  /** Name and auth value of what it is bound to */
  bound: Buffer | undefined;
  nonceTpm: Buffer;
}

export interface StartInput {
  readonly type: keyof typeof sessionTypes;
  readonly hash: HashName;
  readonly symmetric: SymmetricName;
  readonly salt?: Thing | undefined;
  readonly bind?: Thing | undefined;
  /** one bit of the encrypted salt differs */
  readonly damaged?: boolean;
}

interface Salt {
  readonly value: Buffer;
  readonly encrypted: Buffer;
}

/** TPM2B_PUBLIC of an RSA-2048 or P-256 storage key without a scheme; both nameAlg SHA-256. */
function saltFor(publicArea: Buffer): Salt {
  if (publicArea.readUInt16BE(2) === 0x0001) {
    const n = publicArea.subarray(-256).toString("base64url");
    const key = createPublicKey({ key: { kty: "RSA", n, e: "AQAB" }, format: "jwk" });
    const value = randomBytes(32);
    const encrypted = publicEncrypt({ key, oaepHash: "sha256", oaepLabel: Buffer.from("SECRET\0") }, value);
    return { value, encrypted };
  }
  // To a key that can receive none.
  if (publicArea.readUInt16BE(2) !== 0x0023) return { value: empty, encrypted: Buffer.alloc(256, 7) };
  const [x, y] = [publicArea.subarray(-66, -34), publicArea.subarray(-32)];
  const ecdh = createECDH("prime256v1");
  const own = ecdh.generateKeys();
  const z = ecdh.computeSecret(Buffer.concat([Buffer.of(4), x, y]));
  const parts = [u32(1), z, Buffer.from("SECRET\0"), own.subarray(1, 33), x];
  const value = createHash("sha256").update(Buffer.concat(parts)).digest();
  return { value, encrypted: Buffer.concat([sized(own.subarray(1, 33)), sized(own.subarray(33))]) };
}

/** Starts a session. @returns the response code when the TPM refuses */
export function start(
  send: Send,
  { type, hash, symmetric, salt, bind, damaged = false }: StartInput,
): Session | number {
  const nonceCaller = randomBytes(hashes[hash].size);
  const { value, encrypted } =
    salt?.publicArea === undefined ? { value: empty, encrypted: empty } : saltFor(salt.publicArea);
  if (damaged) encrypted[encrypted.length - 1] = (encrypted.at(-1) ?? 0) ^ 1;
  const response = send(
    frame(0x8001, 0x176, [
      u32((salt ?? nobody).handle),
      u32((bind ?? nobody).handle),
      sized(nonceCaller),
      sized(encrypted),
      Buffer.from(sessionTypes[type] + symmetrics[symmetric].bytes, "hex"),
      u16(hashes[hash].id),
    ]),
  );
  const code = response.readUInt32BE(6);
  if (code !== 0) return code;
  const nonceTpm = response.subarray(16);
  const secret = Buffer.concat([bind?.auth ?? empty, value]);
  const keyed = salt !== undefined || bind !== undefined;
  return {
    handle: response.readUInt32BE(10),
    hash,
    symmetric,
    key: keyed ? kdfa(hash, secret, "ATH", nonceTpm, nonceCaller, hashes[hash].size) : empty,
    bound: bind && type === "hmac" ? Buffer.concat([bind.name, bind.auth]) : undefined,
    nonceTpm,
  };
}

function frame(tag: number, code: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u16(tag), u32(10 + body.length), u32(code), body]);
}

/** A session in a command, or a password. */
export interface Use {
  readonly session: Session | "password";
  readonly attributes: number;
  /** a policy session: what its HMAC is made with */
  readonly wants?: "nothing" | "authValue" | "password";
  readonly wrong?: "hmac" | "nonce" | undefined;
}

export interface Call {
  readonly code: number;
  readonly handles: readonly Thing[];
  /** how many of the handles are authorized */
  readonly authorized: number;
  readonly parameters: Buffer;
  readonly makesHandle?: boolean;
  readonly uses: readonly Use[];
  /** auth values after the command, where it changes them */
  readonly authAfter?: Buffer;
}

export interface Answer {
  readonly code: number;
  readonly length: number;
  readonly handle: number;
  /** decrypted */
  readonly parameters: Buffer;
  /** of each session, as they came */
  readonly attributes: readonly number[];
  /** whether every session's HMAC is right */
  readonly genuine: boolean;
}

function cipher(how: "encrypt" | "decrypt", { session, auth, newer, older }: Cipher, bytes: Buffer): Buffer {
  const key = Buffer.concat([session.key, auth]);
  const { bits: keyBits } = symmetrics[session.symmetric];
  if (keyBits === 0) {
    const mask = kdfa(session.hash, key, "XOR", newer, older, bytes.length);
    return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index] ?? 0)));
  }
  const made = kdfa(session.hash, key, "CFB", newer, older, keyBits / 8 + 16);
  const create = how === "encrypt" ? createCipheriv : createDecipheriv;
  const run = create(`aes-${keyBits}-cfb`, made.subarray(0, keyBits / 8), made.subarray(keyBits / 8));
  return run.update(bytes);
}

interface Cipher {
  readonly session: Session;
  readonly auth: Buffer;
  readonly newer: Buffer;
  readonly older: Buffer;
}

/** The TPM2B at the start of parameters with its content changed. */
function withFirst(parameters: Buffer, change: (content: Buffer) => Buffer): Buffer {
  if (parameters.length < 2) return parameters;
  const size = parameters.readUInt16BE(0);
  const rest = parameters.subarray(2 + size);
  return Buffer.concat([u16(size), change(parameters.subarray(2, 2 + size)), rest]);
}

function usesSession(use: Use): use is Use & { readonly session: Session } {
  return use.session !== "password";
}

function authPart(use: Use, thing: Thing | undefined, auth: Buffer): Buffer {
  if (thing === undefined || use.session === "password") return empty;
  if (use.wants !== undefined) return use.wants === "authValue" ? auth : empty;
  return use.session.bound?.equals(Buffer.concat([thing.name, thing.auth])) ? empty : auth;
}

/** Runs one command in sessions: encrypts, signs, sends, checks and decrypts. Nonces roll when it succeeds. */
export function call(
  send: Send,
  { code, handles, authorized, parameters, makesHandle, uses, authAfter }: Call,
): Answer {
  const authOf = (index: number): Thing | undefined => (index < authorized ? handles[index] : undefined);
  const nonces = uses.map((use) => (usesSession(use) ? randomBytes(hashes[use.session.hash].size) : empty));
  const has = (use: Use, bit: number) => usesSession(use) && (use.attributes & bit) !== 0;
  const cipherOf = (
    bit: number,
    auth: (thing: Thing | undefined) => Buffer,
    newer: "caller" | "tpm",
  ): Cipher | undefined => {
    const index = uses.findIndex((use) => has(use, bit));
    const use = uses[index];
    const nonce = nonces[index];
    if (use === undefined || nonce === undefined || !usesSession(use) || use.session.symmetric === "none")
      return undefined;
    const { session } = use;
    const [first, second] = newer === "caller" ? [nonce, session.nonceTpm] : [session.nonceTpm, nonce];
    return { session, auth: auth(authOf(index)), newer: first, older: second };
  };
  const encryption = cipherOf(bits.decrypt, (thing) => thing?.auth ?? empty, "caller");
  const sent = encryption ? withFirst(parameters, (content) => cipher("encrypt", encryption, content)) : parameters;
  const names = handles.map(({ name }) => name);
  const extra = [bits.decrypt, bits.encrypt].flatMap((bit) => {
    const index = uses.findIndex((use) => has(use, bit));
    const session = uses[index]?.session;
    return index > 0 && session !== undefined && session !== "password" ? [session] : [];
  });
  const others = [...new Set(extra)].map(({ nonceTpm }) => nonceTpm);
  const area = uses.map((use, index) => {
    const thing = authOf(index);
    const nonce = nonces[index] ?? empty;
    const attributes = Buffer.of(use.attributes);
    if (!usesSession(use)) {
      const password = use.wrong === undefined ? (thing?.auth ?? empty) : Buffer.from("wrong");
      return Buffer.concat([u32(0x40000009), sized(empty), attributes, sized(password)]);
    }
    const { session } = use;
    const key = Buffer.concat([session.key, authPart(use, thing, thing?.auth ?? empty)]);
    const cpHash = createHash(session.hash)
      .update(Buffer.concat([u32(code), ...names, sent]))
      .digest();
    const nonceTpm = use.wrong === "nonce" ? Buffer.alloc(session.nonceTpm.length) : session.nonceTpm;
    const covered = [cpHash, nonce, nonceTpm, ...(index === 0 && thing !== undefined ? others : []), attributes];
    const mac = createHmac(session.hash, key).update(Buffer.concat(covered)).digest();
    if (use.wrong === "hmac") mac[0] = (mac[0] ?? 0) ^ 1;
    const shown = use.wants === "password" ? (thing?.auth ?? empty) : mac;
    return Buffer.concat([u32(session.handle), sized(nonce), attributes, sized(shown)]);
  });
  const bytes = Buffer.concat(area);
  const head = handles.map(({ handle }) => u32(handle));
  const withSessions = uses.length > 0;
  const response = send(
    frame(withSessions ? 0x8002 : 0x8001, code, [...head, ...(withSessions ? [u32(bytes.length), bytes] : []), sent]),
  );
  const answered = response.readUInt32BE(6);
  const refused = {
    code: answered,
    length: response.length,
    handle: 0,
    parameters: empty,
    attributes: [],
    genuine: true,
  };
  if (answered !== 0) return refused;
  let at = 10;
  const handle = makesHandle === true ? response.readUInt32BE(at) : 0;
  if (makesHandle === true) at += 4;
  if (!withSessions) return { ...refused, handle, parameters: response.subarray(at) };
  const size = response.readUInt32BE(at);
  const received = response.subarray(at + 4, at + 4 + size);
  at += 4 + size;
  const parts = uses.map(() => {
    const nonce = response.subarray(at + 2, at + 2 + response.readUInt16BE(at));
    at += 2 + nonce.length;
    const attributes = response.readUInt8(at);
    const mac = response.subarray(at + 3, at + 3 + response.readUInt16BE(at + 1));
    at += 3 + mac.length;
    return { nonce, attributes, mac };
  });
  const genuine = uses.map((use, index) => {
    const part = parts[index];
    const thing = authOf(index);
    if (part === undefined) return false;
    if (!usesSession(use)) return part.nonce.length === 0 && part.mac.length === 0;
    const { session } = use;
    session.nonceTpm = Buffer.from(part.nonce);
    if (use.wants === "password") return part.mac.length === 0;
    const rpHash = createHash(session.hash)
      .update(Buffer.concat([u32(0), u32(code), received]))
      .digest();
    const key = Buffer.concat([session.key, authPart(use, thing, authAfter ?? thing?.auth ?? empty)]);
    const covered = [rpHash, part.nonce, nonces[index] ?? empty, Buffer.of(part.attributes)];
    // An audit session is not bound, from its first audit on.
    if ((use.attributes & bits.audit) !== 0) session.bound = undefined;
    return createHmac(session.hash, key).update(Buffer.concat(covered)).digest().equals(part.mac);
  });
  const decryption = cipherOf(
    bits.encrypt,
    (thing) => (thing === undefined ? empty : (authAfter ?? thing.auth)),
    "tpm",
  );
  const clear = decryption ? withFirst(received, (content) => cipher("decrypt", decryption, content)) : received;
  return {
    code: 0,
    length: response.length,
    handle,
    parameters: clear,
    attributes: parts.map(({ attributes }) => attributes),
    genuine: at === response.length && genuine.every(Boolean),
  };
}
