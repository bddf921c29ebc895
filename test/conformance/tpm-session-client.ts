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

// The caller's side of TPM sessions (Part 1, "Session-based authorizations" and "Session-based encryption"), with only
// node:crypto, since a check of our TPM must not share its code.

export type Send = (command: Buffer) => Buffer;

export const hashes = {
  sha1: { id: 0x0004, size: 20 },
  sha256: { id: 0x000b, size: 32 },
  sha384: { id: 0x000c, size: 48 },
} as const;
export type HashName = keyof typeof hashes;

/** Symmetric algorithms as StartAuthSession sends them, and the bits of AES; 0 for XOR and for no encryption. */
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

/** An object, index or hierarchy with a handle. */
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
  /** Name and auth value of the object that it is bound to */
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
  // A key that cannot receive a salt.
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
  /** auth value after the command, if the command changes it */
  readonly authAfter?: Buffer;
}

export interface Answer {
  readonly code: number;
  readonly length: number;
  readonly handle: number;
  /** decrypted */
  readonly parameters: Buffer;
  /** attributes of each session, as received */
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

function authPart(use: Use, thing: Thing | undefined, auth: Buffer): Buffer {
  if (thing === undefined || use.session === "password") return empty;
  if (use.wants !== undefined) return use.wants === "authValue" ? auth : empty;
  return use.session.bound?.equals(Buffer.concat([thing.name, thing.auth])) ? empty : auth;
}

/** One use of a session in one command: its nonce, and what it authorizes. */
interface Placed extends Use {
  readonly index: number;
  readonly nonce: Buffer;
  readonly thing: Thing | undefined;
}

type InSession = Placed & { readonly session: Session };

function place(uses: readonly Use[], things: readonly Thing[]): readonly Placed[] {
  return uses.map((use, index) => {
    const nonce = use.session === "password" ? empty : randomBytes(hashes[use.session.hash].size);
    return { ...use, index, nonce, thing: things[index] };
  });
}

function thatDoes(bit: number, placed: readonly Placed[]): InSession | undefined {
  return placed.find((use): use is InSession => use.session !== "password" && (use.attributes & bit) !== 0);
}

function encrypted(parameters: Buffer, placed: readonly Placed[]): Buffer {
  const use = thatDoes(bits.decrypt, placed);
  if (use === undefined || use.session.symmetric === "none") return parameters;
  const { session, nonce: newer, thing } = use;
  const made = { session, auth: thing?.auth ?? empty, newer, older: session.nonceTpm };
  return withFirst(parameters, (content) => cipher("encrypt", made, content));
}

/** Decrypts the first parameter; call it after the session has its new nonce. */
function decrypted(received: Buffer, placed: readonly Placed[], authAfter: Buffer | undefined): Buffer {
  const use = thatDoes(bits.encrypt, placed);
  if (use === undefined || use.session.symmetric === "none") return received;
  const { session, nonce: older, thing } = use;
  const auth = thing === undefined ? empty : (authAfter ?? thing.auth);
  return withFirst(received, (content) =>
    cipher("decrypt", { session, auth, newer: session.nonceTpm, older }, content),
  );
}

/** The nonces of other sessions that the first one's HMAC covers when it authorizes. */
function otherNonces(use: InSession, placed: readonly Placed[]): readonly Buffer[] {
  if (use.index !== 0 || use.thing === undefined) return [];
  const others = [bits.decrypt, bits.encrypt].map((bit) => thatDoes(bit, placed)?.session);
  return [...new Set(others)].flatMap((other) =>
    other === undefined || other === use.session ? [] : [other.nonceTpm],
  );
}

function macOf(use: InSession, placed: readonly Placed[], hashed: Buffer): Buffer {
  const { session, nonce, thing, wants, wrong } = use;
  if (wants === "password") return thing?.auth ?? empty;
  const key = Buffer.concat([session.key, authPart(use, thing, thing?.auth ?? empty)]);
  const cpHash = createHash(session.hash).update(hashed).digest();
  const nonceTpm = wrong === "nonce" ? Buffer.alloc(session.nonceTpm.length) : session.nonceTpm;
  const covered = [cpHash, nonce, nonceTpm, ...otherNonces(use, placed), Buffer.of(use.attributes)];
  const mac = createHmac(session.hash, key).update(Buffer.concat(covered)).digest();
  if (wrong === "hmac") mac[0] = (mac[0] ?? 0) ^ 1;
  return mac;
}

/** The authorization area; `hashed` is the input of the cpHash. */
function areaOf(placed: readonly Placed[], hashed: Buffer): Buffer {
  const parts = placed.flatMap((use) => {
    const { session } = use;
    const attributes = Buffer.of(use.attributes);
    if (session !== "password") {
      return [u32(session.handle), sized(use.nonce), attributes, sized(macOf({ ...use, session }, placed, hashed))];
    }
    const password = use.wrong === undefined ? (use.thing?.auth ?? empty) : Buffer.from("wrong");
    return [u32(0x40000009), sized(empty), attributes, sized(password)];
  });
  return Buffer.concat(parts);
}

interface ResponsePart {
  readonly nonce: Buffer;
  readonly attributes: number;
  readonly mac: Buffer;
}

/** Takes the new nonce. @returns whether the response's HMAC is right */
function accepts(use: Placed, part: ResponsePart, hashed: Buffer, authAfter: Buffer | undefined): boolean {
  const { session, thing, nonce } = use;
  if (session === "password") return part.nonce.length === 0 && part.mac.length === 0;
  session.nonceTpm = Buffer.from(part.nonce);
  if (use.wants === "password") return part.mac.length === 0;
  const rpHash = createHash(session.hash).update(hashed).digest();
  const key = Buffer.concat([session.key, authPart(use, thing, authAfter ?? thing?.auth ?? empty)]);
  const covered = [rpHash, part.nonce, nonce, Buffer.of(part.attributes)];
  // An audit session is not bound, from its first audit on.
  if ((use.attributes & bits.audit) !== 0) session.bound = undefined;
  return createHmac(session.hash, key).update(Buffer.concat(covered)).digest().equals(part.mac);
}

function readPart(bytes: Buffer): { readonly part: ResponsePart; readonly rest: Buffer } {
  const nonce = bytes.subarray(2, 2 + bytes.readUInt16BE(0));
  const at = 2 + nonce.length;
  const mac = bytes.subarray(at + 3, at + 3 + bytes.readUInt16BE(at + 1));
  return { part: { nonce, attributes: bytes.readUInt8(at), mac }, rest: bytes.subarray(at + 3 + mac.length) };
}

function readSessions(placed: readonly Placed[], bytes: Buffer, hashed: Buffer, authAfter: Buffer | undefined) {
  let left = bytes;
  let genuine = true;
  const attributes = placed.map((use) => {
    const { part, rest } = readPart(left);
    left = rest;
    // Each session stores its new nonce, even if the HMAC is wrong.
    const right = accepts(use, part, hashed, authAfter);
    genuine = genuine && right;
    return part.attributes;
  });
  return { attributes, genuine: genuine && left.length === 0 };
}

/** Runs one command in sessions: encrypts, signs, sends, checks and decrypts. Nonces roll when it succeeds. */
export function call(
  send: Send,
  { code, handles, authorized, parameters, makesHandle, uses, authAfter }: Call,
): Answer {
  const placed = place(uses, handles.slice(0, authorized));
  const sent = encrypted(parameters, placed);
  const area = areaOf(placed, Buffer.concat([u32(code), ...handles.map(({ name }) => name), sent]));
  const withSessions = uses.length > 0;
  const sessions = withSessions ? [u32(area.length), area] : [];
  const head = handles.map(({ handle }) => u32(handle));
  const response = send(frame(withSessions ? 0x8002 : 0x8001, code, [...head, ...sessions, sent]));
  const { length } = response;
  const answered = response.readUInt32BE(6);
  const none = { code: answered, length, handle: 0, parameters: empty, attributes: [], genuine: true };
  if (answered !== 0) return none;
  const handle = makesHandle === true ? response.readUInt32BE(10) : 0;
  const body = response.subarray(makesHandle === true ? 14 : 10);
  if (!withSessions) return { ...none, handle, parameters: body };
  const end = 4 + body.readUInt32BE(0);
  const received = body.subarray(4, end);
  const hashed = Buffer.concat([u32(0), u32(code), received]);
  const { attributes, genuine } = readSessions(placed, body.subarray(end), hashed, authAfter);
  return { ...none, handle, parameters: decrypted(received, placed, authAfter), attributes, genuine };
}
