import { createHash } from "node:crypto";
import {
  bits,
  type Call,
  call,
  permanent,
  type Send,
  type Session,
  start,
  type Thing,
  type Use,
} from "./tpm-session-client.js";
import type { Ground } from "./tpm-sessions.rows.js";

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const password: Use = { session: "password", attributes: bits.continue };
const wrong: Use = { ...password, wrong: "hmac" };
const lockout = permanent(0x4000000a);
const ek = 0x81010001;

/** Results of a case: response codes, and lengths of successful responses. */
type Shown = readonly string[];

/** A case that random streams meet too rarely. It leaves the TPM unchanged. */
export interface RareCase {
  readonly title: string;
  readonly run: (ground: Ground) => Shown;
}

function shown(
  ground: Ground,
  asked: Omit<Call, "authorized" | "parameters"> & { parameters?: string; authorized?: number },
): string {
  const { parameters = "", authorized = asked.uses.length } = asked;
  const { code, length, genuine } = call(ground.send, { ...asked, authorized, parameters: hex(parameters) });
  return code === 0 ? `0 ${length} ${genuine}` : code.toString(16);
}

function nameAt(send: Send, handle: number): Thing {
  const asked = { code: 0x173, handles: [permanent(handle)], authorized: 0, parameters: hex(""), uses: [] };
  const { parameters } = call(send, asked);
  const size = parameters.readUInt16BE(0);
  return { handle, name: parameters.subarray(4 + size), auth: Buffer.alloc(0) };
}

const flush = (send: Send, handle: number): string =>
  send(hex(`80010000000e00000165${handle.toString(16).padStart(8, "0")}`))
    .readUInt32BE(6)
    .toString(16);

function session(ground: Ground, type: "hmac" | "policy"): Session {
  const made = start(ground.send, { type, hash: "sha256", symmetric: "none" });
  if (typeof made === "number") throw new Error(`StartAuthSession: ${made.toString(16)}`);
  return made;
}

const policySession = ({ handle }: Session): Thing => permanent(handle);

/** PolicyCommandCode(Unseal), as a digest. */
const unsealOnly = createHash("sha256")
  .update(Buffer.concat([Buffer.alloc(32), hex("0000016c0000015e")]))
  .digest("hex");

/** Sealed data that a policy opens; its auth value does too, if the attributes say so. */
function guarded(ground: Ground, authPolicy: string, attributes = "00000412"): Thing {
  const area = `0008000b${attributes}${(authPolicy.length / 2).toString(16).padStart(4, "0")}${authPolicy}00100000`;
  const size = (area.length / 2).toString(16).padStart(4, "0");
  const made = call(ground.send, {
    code: 0x191,
    handles: [ground.srk],
    authorized: 1,
    parameters: hex(`000600000002abcd${size}${area}`),
    makesHandle: true,
    uses: [password],
  });
  if (made.code !== 0) throw new Error(`CreateLoaded: ${made.code.toString(16)}`);
  return nameAt(ground.send, made.handle);
}

function failures(ground: Ground, parameters: string): Shown {
  const set = { code: 0x13a, handles: [lockout], uses: [password] };
  const unseal = { code: 0x15e, handles: [ground.secret] };
  const codes = [
    shown(ground, { ...set, parameters }),
    ...[wrong, wrong, wrong, wrong, password].map((use) => shown(ground, { ...unseal, uses: [use] })),
  ];
  const back = [
    shown(ground, { ...set, parameters: "00000003000003e8000003e8" }),
    shown(ground, { code: 0x139, handles: [lockout], uses: [password] }),
    shown(ground, { ...unseal, uses: [password] }),
  ];
  return [...codes, ...back];
}

export const rareCases: readonly RareCase[] = [
  { title: "a lockout of two tries", run: (ground) => failures(ground, "000000020000271000002710") },
  { title: "a lockout that never heals by itself", run: (ground) => failures(ground, "000000030000000000000000") },
  { title: "no tries at all", run: (ground) => failures(ground, "000000000000271000002710") },
  {
    title: "a password with a nonce, and one with an attribute",
    run: ({ send }) =>
      [
        "00000015" + "40000009" + "0008" + "0000000000000000" + "010000",
        "0000000940000009" + "0000" + "21" + "0000",
      ].map((area) => {
        const body = `0000015e81000011${area}`;
        const size = (6 + body.length / 2).toString(16).padStart(8, "0");
        return send(hex(`8002${size}${body}`))
          .readUInt32BE(6)
          .toString(16);
      }),
  },
  {
    title: "the ADMIN role of a key that requires a policy for it, with a password",
    run: (ground) => {
      const key = nameAt(ground.send, ek);
      return [shown(ground, { code: 0x147, handles: [key, key], uses: [password, password], parameters: "00000000" })];
    },
  },
  {
    title: "a policy for one command, used for it and for another",
    run: (ground) => {
      const data = guarded(ground, unsealOnly);
      const policy = session(ground, "policy");
      const use: Use = { session: policy, attributes: bits.continue, wants: "nothing" };
      const step = { code: 0x16c, handles: [policySession(policy)], uses: [], parameters: "0000015e" };
      const codes = [
        shown(ground, { code: 0x15e, handles: [data], uses: [use] }),
        shown(ground, step),
        shown(ground, { code: 0x155, handles: [data], uses: [use], parameters: "0000000b" }),
        shown(ground, { code: 0x15e, handles: [data], uses: [use] }),
        shown(ground, { code: 0x15e, handles: [data], uses: [use] }),
        shown(ground, { code: 0x15e, handles: [data], uses: [password] }),
      ];
      return [...codes, flush(ground.send, policy.handle), flush(ground.send, data.handle)];
    },
  },
  {
    title: "PolicySecret in a policy session that asked for no auth value, and in one that did",
    run: (ground) => {
      const authValue = createHash("sha256")
        .update(Buffer.concat([Buffer.alloc(32), hex("0000016b")]))
        .digest("hex");
      const data = guarded(ground, authValue);
      const [policy, target] = [session(ground, "policy"), session(ground, "policy")];
      const asked = { code: 0x151, handles: [data, policySession(target)], parameters: "00000000000000000000" };
      const use: Use = { session: policy, attributes: bits.continue, wants: "nothing" };
      const codes = [
        shown(ground, { ...asked, uses: [use] }),
        shown(ground, { code: 0x16b, handles: [policySession(policy)], uses: [] }),
        shown(ground, { ...asked, uses: [{ ...use, wants: "authValue" }] }),
      ];
      return [...codes, ...[policy, target, data].map(({ handle }) => flush(ground.send, handle))];
    },
  },
  {
    title: "a policy session of another hash than the policy's",
    run: (ground) => {
      const data = guarded(ground, "", "00000452");
      const made = start(ground.send, { type: "policy", hash: "sha1", symmetric: "none" });
      if (typeof made === "number") return [made.toString(16)];
      const use: Use = { session: made, attributes: bits.continue, wants: "nothing" };
      const code = shown(ground, { code: 0x15e, handles: [data], uses: [use] });
      return [code, flush(ground.send, made.handle), flush(ground.send, data.handle)];
    },
  },
  {
    title:
      "GetSessionAuditDigest: of a session that is not an audit session, unsigned, by a key that cannot sign, by an unknown key",
    run: (ground) => {
      const audit = session(ground, "hmac");
      const endorsement = permanent(0x4000000b);
      const asked = (authority: Thing, signer: Thing) => ({
        code: 0x14d,
        handles: [authority, signer, permanent(audit.handle)],
        authorized: 2,
        uses: [password, password],
        parameters: "0002abcd0010",
      });
      const codes = [
        shown(ground, asked(endorsement, permanent(0x40000007))),
        shown(ground, {
          code: 0x17b,
          handles: [],
          uses: [{ session: audit, attributes: bits.continue | bits.audit }],
          authorized: 0,
          parameters: "0004",
        }),
        shown(ground, asked(endorsement, permanent(0x40000007))),
        shown(ground, asked(endorsement, ground.srk)),
        shown(ground, asked(ground.owner, permanent(0x40000007))),
      ];
      return [...codes, flush(ground.send, audit.handle)];
    },
  },
];
