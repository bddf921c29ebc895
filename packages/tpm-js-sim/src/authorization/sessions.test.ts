import { describe, expect, test } from "vitest";
import { hex, tpmVectors } from "../../../../test/fixtures/tpm-vectors.js";
import { activateCredential } from "../commands/object/activate-credential.js";
import { policySecret } from "../commands/policy/policy-secret.js";
import { startAuthSession } from "../commands/session/start-auth-session.js";
import { command, user } from "../memory/command.js";
import { hierarchySeeds, memoryOf } from "../memory/state.js";
import { hierarchies, passwordSession, persistentHandles } from "../tables/handles.js";
import { createTpm, type VirtualTpm } from "../virtual-tpm.js";
import { Reader, struct, u32 } from "../wire/codec.js";
import { encodeCommand, encodeResponse, readAuthorizations, readCommandFrame, readResponse } from "../wire/frame.js";
import { TpmsAuthCommand } from "../wire/structures.js";
import { answerSessions } from "./session-answers.js";
import { readSessions } from "./session-area.js";
import { newSession } from "./session-keys.js";
import { authorize } from "./sessions.js";

const { hmacSession } = tpmVectors;
const empty = Buffer.alloc(0);
const password: TpmsAuthCommand = { sessionHandle: passwordSession, nonce: empty, attributes: 1, hmac: empty };

describe("an HMAC session, as tpm2-tools use one for TPM2_Clear", () => {
  // A command of this test's own, since the test is about the session.
  const clear = command({
    name: "Clear",
    code: 0x126,
    handles: [user("entity")],
    parameters: struct({}),
    response: struct({}),
    run: () => ({}),
  });
  const nonceTpm = hex(hmacSession.startAuthSession.response).subarray(16);
  const { body } = readCommandFrame(hex(hmacSession["command"] ?? ""));
  const [sent] = readAuthorizations(new Reader(body.subarray(4)));
  const answered = readResponse(hex(hmacSession["response"] ?? ""), false);

  function session() {
    const state = { version: 1, seeds: hierarchySeeds("x"), hints: {}, persistent: [] } as const;
    const memory = memoryOf(state, (length) => answered.authorizations[0]?.nonce ?? Buffer.alloc(length));
    const bind = { is: "hierarchy", handle: hierarchies.null, name: u32.encode(hierarchies.null) } as const;
    const fields = { type: "hmac", hashAlg: 0x000b, symmetric: { algorithm: 0x0010 } } as const;
    const session = newSession(memory, { ...fields, nonceTpm, nonceCaller: empty, bind, salt: empty });
    memory.sessions.set(0x02000000, session);
    return memory;
  }

  function authorized(authorization: TpmsAuthCommand) {
    const memory = session();
    const handle = hierarchies.lockout;
    const entities = [{ is: "hierarchy", handle, name: u32.encode(handle) }] as const;
    const encoded = TpmsAuthCommand.encode(authorization);
    const area = Buffer.concat([u32.encode(encoded.length), encoded]);
    const sessions = readSessions(memory, clear, new Reader(area));
    return { memory, authorized: authorize({ memory, row: clear, entities, sessions, parameters: empty }) };
  }

  test("takes the command's HMAC and answers with the response's", () => {
    if (sent === undefined) throw new Error("the vector has no session");
    const { memory, authorized: granted } = authorized(sent);
    const { authorizations } = answerSessions({ memory, row: clear, parameters: empty }, granted);
    const response = { tag: 0x8002, code: 0, handle: undefined, parameters: empty, authorizations };
    expect(encodeResponse(response).toString("hex")).toBe(hmacSession["response"]);
  });

  test("refuses a wrong HMAC: TPM_RC_AUTH_FAIL, session 1, since the lockout counts it", () => {
    if (sent === undefined) throw new Error("the vector has no session");
    const wrong = Buffer.from(sent.hmac);
    wrong[0] = (wrong[0] ?? 0) ^ 1;
    expect(() => authorized({ ...sent, hmac: wrong })).toThrow(expect.objectContaining({ code: 0x98e }));
  });
});

function start(tpm: VirtualTpm, sessionType: number): number {
  const parameters = startAuthSession.parameters.encode({
    nonceCaller: Buffer.alloc(16),
    encryptedSalt: empty,
    sessionType,
    symmetric: { algorithm: 0x0010 },
    authHash: 0x000b,
  });
  const handles = [hierarchies.null, hierarchies.null];
  const response = tpm.send(encodeCommand({ code: startAuthSession.code, handles, authorizations: [], parameters }));
  return readResponse(response, true).handle ?? 0;
}

function satisfy(tpm: VirtualTpm, session: number): number {
  const parameters = policySecret.parameters.encode({
    nonceTpm: empty,
    cpHashA: empty,
    policyRef: empty,
    expiration: 0,
  });
  const handles = [hierarchies.endorsement, session];
  return codeOf(tpm, { code: policySecret.code, handles, authorizations: [password], parameters });
}

function codeOf(tpm: VirtualTpm, parts: Parameters<typeof encodeCommand>[0]): number {
  return tpm.send(encodeCommand(parts)).readUInt32BE(6);
}

describe("policy sessions", () => {
  const handles = [persistentHandles.storageRootKey, persistentHandles.endorsementKey];
  // A secret that is not a point: TPM_RC_SIZE of parameter 2 shows that authorization was granted.
  const parameters = activateCredential.parameters.encode({ credentialBlob: empty, secret: Buffer.alloc(68) });

  function activate(tpm: VirtualTpm, authorization: TpmsAuthCommand): number {
    const authorizations = [password, authorization];
    return codeOf(tpm, { code: activateCredential.code, handles, authorizations, parameters });
  }

  function inSession(sessionHandle: number, attributes = 1): TpmsAuthCommand {
    return { sessionHandle, nonce: empty, attributes, hmac: empty };
  }

  const refused = [
    { title: "an endorsement key's password", authorization: () => password, code: 0x12f },
    {
      title: "a session without PolicySecret",
      authorization: (tpm: VirtualTpm) => inSession(start(tpm, 1)),
      code: 0xa9d,
    },
    { title: "a session that does not exist", authorization: () => inSession(0x03000007), code: 0x919 },
    { title: "a handle that is not a session", authorization: () => inSession(0x80000000), code: 0xa84 },
    { title: "a trial session", authorization: (tpm: VirtualTpm) => inSession(start(tpm, 3)), code: 0xa82 },
  ];

  test.each(refused)("refuses $title", ({ authorization, code }) => {
    const tpm = createTpm({ seed: "policy", keys: "ecc" });
    expect(activate(tpm, authorization(tpm)).toString(16)).toBe(code.toString(16));
  });

  test("PolicySecret opens the endorsement key", () => {
    const tpm = createTpm({ seed: "policy", keys: "ecc" });
    const session = start(tpm, 1);
    expect(satisfy(tpm, session)).toBe(0);
    expect(activate(tpm, inSession(session)).toString(16)).toBe("2d5");
  });

  test("a command without the authorization that it needs: TPM_RC_AUTH_MISSING", () => {
    const tpm = createTpm({ seed: "policy", keys: "ecc" });
    expect(codeOf(tpm, { code: activateCredential.code, handles, authorizations: [], parameters })).toBe(0x125);
  });

  test("there are 64, the lowest free handle first, then TPM_RC_SESSION_MEMORY", () => {
    const tpm = createTpm({ seed: "many" });
    const started = Array.from({ length: 64 }, () => start(tpm, 1));
    expect(started).toEqual(Array.from({ length: 64 }, (_, slot) => 0x03000000 + slot));
    const again = encodeCommand({
      code: startAuthSession.code,
      handles: [hierarchies.null, hierarchies.null],
      authorizations: [],
      parameters: Buffer.concat([Buffer.from("0010", "hex"), Buffer.alloc(16), Buffer.from("0000010010000b", "hex")]),
    });
    expect(tpm.send(again).toString("hex")).toBe("80010000000a00000903");
    expect(tpm.send(hex("80010000000e0000016503000005")).toString("hex")).toBe("80010000000a00000000");
    expect(start(tpm, 1)).toBe(0x03000005);
  });
});
