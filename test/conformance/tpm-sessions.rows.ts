import fc from "fast-check";
import {
  type Answer,
  bits,
  type Call,
  call,
  nobody,
  permanent,
  type Send,
  type Session,
  type StartInput,
  sized,
  start,
  type Thing,
  type Use,
} from "./tpm-session-client.js";

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const u16 = (value: number): string => value.toString(16).padStart(4, "0");
const u32 = (value: number): string => value.toString(16).padStart(8, "0");

const flushed = (handle: number) => hex(`80010000000e00000165${u32(handle)}`);

/** The objects that sessions are tested with: the same on every TPM, except for names and keys. */
export interface Ground {
  readonly send: Send;
  /** persistent RSA key */
  readonly srk: Thing;
  /** persistent P-256 storage key */
  readonly ecc: Thing;
  /** persistent sealed data, with an auth value and under the lockout */
  readonly secret: Thing;
  /** the same data, not under the lockout */
  readonly free: Thing;
  /** an index of 8 bytes with an auth value, not under the lockout */
  readonly nv: Thing;
  /** the owner hierarchy, whose auth value may change */
  owner: Thing;
}

export type Where = Exclude<keyof Ground, "send"> | "null" | "lockout" | "endorsement";

function thingAt(ground: Ground, where: Where): Thing {
  if (where === "null") return nobody;
  if (where === "lockout") return permanent(0x4000000a);
  return where === "endorsement" ? permanent(0x4000000b) : ground[where];
}

const password: Use = { session: "password", attributes: bits.continue };

function must(answer: Answer): Answer {
  if (answer.code !== 0 || !answer.genuine) throw new Error(`setting up: ${answer.code.toString(16)}`);
  return answer;
}

function keyAt(send: Send, handle: number, auth = ""): Thing {
  const { parameters } = must(
    call(send, { code: 0x173, handles: [permanent(handle)], authorized: 0, parameters: hex(""), uses: [] }),
  );
  const size = parameters.readUInt16BE(0);
  const publicArea = parameters.subarray(0, 2 + size);
  const name = parameters.subarray(4 + size, 4 + size + parameters.readUInt16BE(2 + size));
  return { handle, name, auth: Buffer.from(auth), publicArea };
}

/** Makes a transient key persistent, since swtpm has three slots only, and each command needs some. */
function kept(send: Send, transient: number, handle: number, auth = ""): Thing {
  const object = { ...keyAt(send, transient), auth: Buffer.from(auth) };
  const parameters = hex(u32(handle));
  must(
    call(send, { code: 0x120, handles: [permanent(0x40000001), object], authorized: 1, parameters, uses: [password] }),
  );
  send(flushed(transient));
  return keyAt(send, handle, auth);
}

const eccStorage = "0023000b000304720000" + "000600800043" + "0010" + "0003" + "0010" + "00000000";
/** attributes of sealed data, with noDA or without */
const sealed = (attributes: string) => `0008000b${attributes}000000100000`;

interface Sealed {
  readonly srk: Thing;
  readonly attributes: string;
  readonly auth: string;
  readonly handle: number;
}

function seal(send: Send, { srk, attributes, auth, handle }: Sealed): Thing {
  const sensitive = sized(Buffer.concat([sized(Buffer.from(auth)), sized(Buffer.from("secret data"))]));
  const made = must(
    call(send, {
      code: 0x153,
      handles: [srk],
      authorized: 1,
      parameters: Buffer.concat([sensitive, sized(hex(sealed(attributes))), hex("000000000000")]),
      uses: [password],
    }),
  ).parameters;
  const privateSize = 2 + made.readUInt16BE(0);
  const publicSize = 2 + made.readUInt16BE(privateSize);
  const parameters = made.subarray(0, privateSize + publicSize);
  const loaded = must(
    call(send, { code: 0x157, handles: [srk], authorized: 1, parameters, makesHandle: true, uses: [password] }),
  );
  return kept(send, loaded.handle, handle, auth);
}

const nvIndex = 0x01500009;

/** Makes the objects that sessions are tested with. The SRK is persistent already. */
export function prepareGround(send: Send): Ground {
  const srk = keyAt(send, 0x81000001);
  const owner = permanent(0x40000001);
  const parameters = Buffer.concat([hex("000400000000"), sized(hex(eccStorage)), hex("000000000000")]);
  const ecc = must(
    call(send, { code: 0x131, handles: [owner], authorized: 1, parameters, makesHandle: true, uses: [password] }),
  );
  const publicInfo = hex(`${u32(nvIndex)}000b020600060000${u16(8)}`);
  const defined = Buffer.concat([sized(Buffer.from("nv")), sized(publicInfo)]);
  must(call(send, { code: 0x12a, handles: [owner], authorized: 1, parameters: defined, uses: [password] }));
  const index = { ...permanent(nvIndex), auth: Buffer.from("nv") };
  const data = hex("00080102030405060708" + "0000");
  // The Name changes with the first write.
  must(call(send, { code: 0x137, handles: [owner, index], authorized: 1, parameters: data, uses: [password] }));
  const read = must(call(send, { code: 0x169, handles: [index], authorized: 0, parameters: hex(""), uses: [] }));
  const name = read.parameters.subarray(4 + read.parameters.readUInt16BE(0));
  return {
    send,
    srk,
    owner,
    ecc: kept(send, ecc.handle, 0x81000010),
    secret: seal(send, { srk, attributes: "00000052", auth: "hidden", handle: 0x81000011 }),
    free: seal(send, { srk, attributes: "00000452", auth: "pw", handle: 0x81000012 }),
    nv: { ...index, name: Buffer.from(name) },
  };
}

/** A command that sessions are tested with. */
interface Target {
  readonly title: string;
  readonly code: number;
  readonly handles: readonly Where[];
  readonly authorized: number;
  /** which of its first parameters can be encrypted */
  readonly ciphers?: number;
  /** two TPMs answer the same */
  readonly same?: true;
  readonly parameters: string;
  readonly makesHandle?: true;
  /** the owner's new auth value */
  readonly newAuth?: string;
}

const text = (content: string) => sized(Buffer.from(content)).toString("hex");
const changeAuth = (newAuth: string): Target => ({
  title: `HierarchyChangeAuth "${newAuth}"`,
  ciphers: bits.decrypt,
  code: 0x129,
  handles: ["owner"],
  authorized: 1,
  parameters: text(newAuth),
  newAuth,
});

/** Commands of every form: with and without a first TPM2B on either side, and with one, two or no authorizations. */
const targets: readonly Target[] = [
  { title: "GetRandom", ciphers: bits.encrypt, code: 0x17b, handles: [], authorized: 0, parameters: u16(16) },
  {
    title: "StirRandom",
    ciphers: bits.decrypt,
    code: 0x146,
    handles: [],
    authorized: 0,
    parameters: text("noise"),
    same: true,
  },
  {
    title: "Hash",
    ciphers: bits.decrypt | bits.encrypt,
    code: 0x17d,
    handles: [],
    authorized: 0,
    parameters: `${text("abc")}000b40000007`,
    same: true,
  },
  { title: "GetTestResult", ciphers: bits.encrypt, code: 0x17c, handles: [], authorized: 0, parameters: "" },
  {
    title: "ReadPublic",
    ciphers: bits.encrypt,
    code: 0x173,
    handles: ["srk"],
    authorized: 0,
    parameters: "",
    same: true,
  },
  {
    title: "Unseal",
    ciphers: bits.encrypt,
    code: 0x15e,
    handles: ["secret"],
    authorized: 1,
    parameters: "",
    same: true,
  },
  {
    title: "Unseal, no lockout",
    ciphers: bits.encrypt,
    code: 0x15e,
    handles: ["free"],
    authorized: 1,
    parameters: "",
    same: true,
  },
  {
    title: "NV_Read",
    ciphers: bits.encrypt,
    code: 0x14e,
    handles: ["nv", "nv"],
    authorized: 1,
    parameters: "00080000",
    same: true,
  },
  {
    title: "NV_Read by owner",
    ciphers: bits.encrypt,
    code: 0x14e,
    handles: ["owner", "nv"],
    authorized: 1,
    parameters: "00080000",
    same: true,
  },
  {
    title: "NV_Write",
    ciphers: bits.decrypt,
    code: 0x137,
    handles: ["nv", "nv"],
    authorized: 1,
    parameters: `${text("12345678")}0000`,
    same: true,
  },
  {
    title: "NV_Write beyond",
    ciphers: bits.decrypt,
    code: 0x137,
    handles: ["nv", "nv"],
    authorized: 1,
    parameters: `${text("12345678")}0001`,
  },
  { title: "PCR_Read", code: 0x17e, handles: [], authorized: 0, parameters: "00000001000b03010000" },
  {
    title: "GetCapability",
    code: 0x17a,
    handles: [],
    authorized: 0,
    parameters: "000000060000010d00000001",
    same: true,
  },
  {
    title: "Create",
    ciphers: bits.decrypt | bits.encrypt,
    code: 0x153,
    handles: ["srk"],
    authorized: 1,
    parameters: `${text("\0\x02ab\0\x04data")}${sized(hex(sealed("00000452"))).toString("hex")}000000000000`,
  },
  { title: "DictionaryAttackLockReset", code: 0x139, handles: ["lockout"], authorized: 1, parameters: "", same: true },
  changeAuth("owner"),
  changeAuth(""),
  { title: "SelfTest", code: 0x143, handles: [], authorized: 0, parameters: "00", same: true },
  {
    title: "StartAuthSession",
    ciphers: bits.decrypt | bits.encrypt,
    code: 0x176,
    handles: ["null", "null"],
    authorized: 0,
    parameters: "",
    makesHandle: true,
  },
  { title: "FlushContext", code: 0x165, handles: [], authorized: 0, parameters: "80000002" },
  { title: "ContextSave", code: 0x162, handles: ["ecc"], authorized: 0, parameters: "" },
];

const started = `${sized(Buffer.alloc(16, 1)).toString("hex")}0000000010000b`;

type Slot = 0 | 1 | 2;

export type Step =
  | {
      readonly do: "start";
      readonly slot: Slot;
      readonly start: Omit<StartInput, "salt" | "bind"> & { readonly salt: Where; readonly bind: Where };
    }
  | { readonly do: "use"; readonly target: Target; readonly uses: readonly StepUse[] }
  | { readonly do: "flush"; readonly slot: Slot }
  | { readonly do: "swap"; readonly slot: Slot };

interface StepUse {
  readonly slot: Slot | "password";
  readonly attributes: number;
  readonly wrong?: Use["wrong"];
  /** with the other kind's handle */
  readonly otherKind?: boolean;
}

const slot = fc.constantFrom<Slot>(0, 1, 2);
const often = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const attributes = fc
  .tuple(
    often<number>(bits.continue, 0),
    fc.subarray([bits.decrypt, bits.encrypt, bits.audit]),
    often<number>(0, bits.exclusive, bits.reset, bits.exclusive | bits.reset),
  )
  .map(([goesOn, uses, audit]) => uses.reduce((all, bit) => all | bit, goesOn | audit));

const use: fc.Arbitrary<StepUse> = fc.record({
  slot: fc.oneof({ weight: 5, arbitrary: slot }, { weight: 1, arbitrary: fc.constant("password" as const) }),
  attributes: fc.oneof(
    { weight: 2, arbitrary: attributes },
    { weight: 1, arbitrary: fc.constant<number>(bits.continue) },
  ),
  wrong: often<Use["wrong"]>(undefined, "hmac", "nonce"),
  otherKind: often(false, true),
});

const beginAt = (at: fc.Arbitrary<Slot>): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constant("start" as const), slot: at, start: begin });

const begin = fc.record({
  type: often<StartInput["type"]>("hmac", "policy", "trial"),
  hash: often<StartInput["hash"]>("sha256", "sha1", "sha384"),
  symmetric: fc.constantFrom<StartInput["symmetric"]>("aes128", "xor", "none", "aes128", "aes256", "xor"),
  salt: fc.oneof(often<Where>("null", "srk", "ecc", "free"), fc.constantFrom<Where>("srk", "ecc")),
  bind: fc.constantFrom<Where>("null", "null", "owner", "secret", "free", "nv", "lockout", "srk"),
  damaged: often(false, true),
});

const distinct = fc.uniqueArray(use, { minLength: 1, maxLength: 3, selector: ({ slot: at }) => at });
const uses = fc.oneof(
  { weight: 12, arbitrary: distinct },
  { weight: 1, arbitrary: fc.array(use, { minLength: 2, maxLength: 4 }) },
);

/** Removes the faults: each attribute at most once, and only attributes that the command allows. */
function sensible({ authorized, ciphers = 0 }: Target, chosen: readonly StepUse[]): readonly StepUse[] {
  let left = ciphers | bits.audit;
  return chosen.flatMap((each, index) => {
    if (each.slot === "password") return index < authorized ? [{ ...each, attributes: bits.continue }] : [];
    const others = each.attributes & ~(bits.decrypt | bits.encrypt | bits.audit);
    const own = each.attributes & left;
    left &= ~own;
    return own === 0 && index >= authorized ? [] : [{ ...each, attributes: others | own }];
  });
}

function steps(): fc.Arbitrary<readonly Step[]> {
  const run = fc
    .record({ target: fc.constantFrom(...targets), uses, sense: often(true, false) })
    .map(({ target, uses: chosen, sense }) => ({
      do: "use" as const,
      target,
      uses: sense ? sensible(target, chosen) : chosen,
    }));
  const arbitrary = fc.oneof(
    { weight: 2, arbitrary: beginAt(slot) },
    { weight: 12, arbitrary: run },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const), slot }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("swap" as const), slot }) },
  );
  return fc.array(arbitrary, { minLength: 5, maxLength: 20 });
}

/** Sessions started, used in all ways, right and wrong, saved and loaded, and ended. */
export const sessionStream: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.tuple(...([0, 1, 2] as const).map((at) => beginAt(fc.constant(at)))), steps())
  .map(([first, others]) => [...first, ...others]);

/** Result of one step, without the values that must differ between two TPMs. */
export interface Seen {
  readonly step: string;
  readonly code: string;
  readonly length?: number;
  readonly attributes?: readonly number[];
  readonly genuine?: boolean;
  readonly parameters?: string;
}

const reset = hex("80020000001b000001394000000a00000009400000090000010000");

/** Runs a stream on one TPM, and puts the TPM back as it was. */
export function runStream(ground: Ground, steps: readonly Step[]): readonly Seen[] {
  const slots = new Map<Slot, { session: Session; policy: boolean }>();
  const seen = steps.map((step) => runStep(ground, slots, step));
  for (const { session } of slots.values()) ground.send(flushed(session.handle));
  ground.send(reset);
  restoreOwner(ground);
  return seen;
}

function restoreOwner(ground: Ground): void {
  if (ground.owner.auth.length === 0) return;
  const parameters = hex("0000");
  must(call(ground.send, { code: 0x129, handles: [ground.owner], authorized: 1, parameters, uses: [password] }));
  ground.owner = permanent(ground.owner.handle);
}

type Slots = Map<Slot, { session: Session; policy: boolean }>;

function runStep(ground: Ground, slots: Slots, step: Step): Seen {
  if (step.do === "start") return runStart(ground, slots, step);
  if (step.do === "use") return runUse(ground, slots, step);
  const held = slots.get(step.slot);
  if (held === undefined) return { step: `${step.do}: none`, code: "" };
  if (step.do === "flush") {
    slots.delete(step.slot);
    return { step: "flush", code: ground.send(flushed(held.session.handle)).readUInt32BE(6).toString(16) };
  }
  const saved = ground.send(hex(`80010000000e00000162${u32(held.session.handle)}`));
  const gone = ground.send(flushed(held.session.handle ^ 0x01000000)).readUInt32BE(6);
  // FlushContext uses only the session's slot: the session is gone, and its saved context is invalid.
  const loaded = ground.send(Buffer.concat([hex(`8001${u32(saved.length)}00000161`), saved.subarray(10)]));
  slots.delete(step.slot);
  return { step: "save, flush, load", code: `${gone.toString(16)} ${loaded.readUInt32BE(6).toString(16)}` };
}

function runStart(ground: Ground, slots: Slots, { slot: at, start: input }: Extract<Step, { do: "start" }>): Seen {
  const before = slots.get(at);
  if (before !== undefined) ground.send(flushed(before.session.handle));
  slots.delete(at);
  const place = (where: Where) => (where === "null" ? undefined : thingAt(ground, where));
  const session = start(ground.send, { ...input, salt: place(input.salt), bind: place(input.bind) });
  const step = JSON.stringify(input);
  if (typeof session === "number") return { step, code: session.toString(16) };
  slots.set(at, { session, policy: input.type !== "hmac" });
  return { step, code: "0" };
}

function useOf(slots: Slots, { slot: at, attributes: sent, wrong, otherKind }: StepUse): Use | undefined {
  if (at === "password") return { session: "password", attributes: sent, wrong: wrong === "nonce" ? "hmac" : wrong };
  const held = slots.get(at);
  if (held === undefined) return undefined;
  const { session } = held;
  // A view of the session with the other kind's handle: the nonce that it gets must reach the session itself.
  const shown = otherKind === true ? { ...session, handle: session.handle ^ 0x01000000 } : session;
  return { session: shown, attributes: sent, wrong, ...(held.policy && { wants: "nothing" as const }) };
}

function runUse(ground: Ground, slots: Slots, { target, uses }: Extract<Step, { do: "use" }>): Seen {
  const found = uses.flatMap((each) => useOf(slots, each) ?? []);
  const step = `${target.title} ${JSON.stringify(uses)}`;
  const { code, authorized, makesHandle, newAuth } = target;
  const input: Call = {
    code,
    handles: target.handles.map((where) => thingAt(ground, where)),
    authorized,
    parameters: hex(code === 0x176 ? started : target.parameters),
    uses: found,
    ...(makesHandle && { makesHandle }),
    ...(newAuth !== undefined && { authAfter: Buffer.from(newAuth) }),
  };
  const answer = call(ground.send, input);
  if (answer.code !== 0) return { step, code: answer.code.toString(16) };
  if (newAuth !== undefined) ground.owner = permanent(ground.owner.handle, Buffer.from(newAuth));
  if (makesHandle) ground.send(flushed(answer.handle));
  for (const [held, { session }] of slots) {
    const ended = found.some((each) => each.session === session && (each.attributes & bits.continue) === 0);
    if (ended) slots.delete(held);
  }
  const { length, attributes: answered, genuine, parameters } = answer;
  const shown = target.same ? { parameters: parameters.toString("hex") } : {};
  return { step, code: "0", length, attributes: answered, genuine, ...shown };
}
