import { beforeEach, describe, expect, test } from "vitest";
import {
  bits,
  type Call,
  call,
  permanent,
  type Session,
  type StartInput,
  start,
  type Use,
} from "../../../../test/conformance/tpm-session-client.js";
import { type Ground, prepareGround } from "../../../../test/conformance/tpm-sessions.rows.js";
import { hex } from "../../../../test/fixtures/tpm-vectors.js";
import { createTpm, type VirtualTpm } from "../virtual-tpm.js";

// Attacks by somebody between a caller and its TPM, and mistakes of a careless caller.

const known = createTpm({ seed: "attacks", keys: "ecc" }).snapshot();
let tpm: VirtualTpm;
let ground: Ground;
let last: Buffer;
beforeEach(() => {
  tpm = createTpm({ state: known });
  ground = prepareGround((command) => {
    last = command;
    return tpm.send(command);
  });
});

const usual: StartInput = { type: "hmac", hash: "sha256", symmetric: "aes128" };

function begin(input: Partial<StartInput> = {}): Session {
  const session = start(ground.send, { ...usual, salt: ground.srk, ...input });
  if (typeof session === "number") throw new Error(`StartAuthSession: ${session.toString(16)}`);
  return session;
}

function unseal(uses: readonly Use[]): Call {
  return { code: 0x15e, handles: [ground.free], authorized: 1, parameters: hex(""), uses };
}

function changeOwner(newAuth: string, uses: readonly Use[]): Call {
  const parameters = Buffer.concat([hex(newAuth.length.toString(16).padStart(4, "0")), Buffer.from(newAuth)]);
  return { code: 0x129, handles: [ground.owner], authorized: 1, parameters, uses, authAfter: Buffer.from(newAuth) };
}

const run = (asked: Call) => call(ground.send, asked);
const codeOf = (response: Buffer): string => response.readUInt32BE(6).toString(16);
const goesOn = (session: Session, more = 0): Use => ({ session, attributes: bits.continue | more });
const contextSave = (handle: number) => hex(`80010000000e00000162${handle.toString(16).padStart(8, "0")}`);
const contextLoad = (context: Buffer) =>
  Buffer.concat([hex("8001"), hex((10 + context.length).toString(16).padStart(8, "0")), hex("00000161"), context]);

describe("on the way to the TPM", () => {
  test("no secret is visible in command or response", () => {
    const session = begin();
    const seen: Buffer[] = [];
    const { send } = ground;
    const watched = (command: Buffer) => {
      const response = send(command);
      seen.push(command, response);
      return response;
    };
    const answer = call(watched, unseal([goesOn(session, bits.encrypt)]));
    expect(answer).toMatchObject({ code: 0, genuine: true });
    expect(answer.parameters.subarray(2).toString()).toBe("secret data");
    call(watched, changeOwner("very secret", [goesOn(session, bits.decrypt)]));
    expect(Buffer.concat(seen).includes("secret data")).toBe(false);
    expect(Buffer.concat(seen).includes("very secret")).toBe(false);
  });

  test("a replayed command is refused: the nonce has changed", () => {
    const session = begin();
    expect(run(unseal([goesOn(session)])).code).toBe(0);
    expect(codeOf(tpm.send(last))).toBe("9a2");
    expect(run(unseal([goesOn(session)])).code).toBe(0);
  });

  test.each([
    { bit: bits.continue, code: "9a2" },
    { bit: bits.encrypt, code: "9a2" },
    // Unseal has no parameter that could be encrypted.
    { bit: bits.decrypt, code: "982" },
    { bit: bits.audit, code: "9a2" },
    { bit: 0x08, code: "9a1" },
  ])("attribute $bit of a session turned over on the way", ({ bit, code }) => {
    const session = begin();
    const asked = unseal([goesOn(session)]);
    const tampering = (command: Buffer) => {
      const changed = Buffer.from(command);
      // header, handle, size of the area, session handle, nonce
      const at = 10 + 4 + 4 + 4 + 2 + 32;
      changed[at] = (changed[at] ?? 0) ^ bit;
      return tpm.send(changed);
    };
    expect(call(tampering, asked).code.toString(16)).toBe(code);
  });

  test("the encrypting session cannot be removed: the first session's HMAC covers its nonce", () => {
    const [first, second] = [begin(), begin()];
    const uses = [goesOn(first), goesOn(second, bits.encrypt)];
    const strip = (command: Buffer) => {
      const one = 4 + 2 + 32 + 1 + 2 + 32;
      const bare = Buffer.concat([command.subarray(0, 18 + one), command.subarray(18 + 2 * one)]);
      bare.writeUInt32BE(bare.length, 2);
      bare.writeUInt32BE(one, 14);
      return tpm.send(bare);
    };
    expect(call(strip, unseal(uses)).code.toString(16)).toBe("9a2");
    expect(run(unseal(uses))).toMatchObject({ code: 0, genuine: true });
  });

  test("an encrypted parameter that was changed on the way is refused before it is read", () => {
    const session = begin();
    const flip = (command: Buffer) => {
      const changed = Buffer.from(command);
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
      return tpm.send(changed);
    };
    expect(call(flip, changeOwner("new", [goesOn(session, bits.decrypt)])).code.toString(16)).toBe("9a2");
    expect(run(changeOwner("", [{ session: "password", attributes: 1 }])).code).toBe(0);
  });
});

describe("sessions that have ended, or that were changed", () => {
  test("a session without continueSession ends after success, and stays after a refusal", () => {
    const session = begin();
    expect(run(unseal([{ session, attributes: 0, wrong: "hmac" }])).code.toString(16)).toBe("9a2");
    expect(run(unseal([{ session, attributes: 0 }])).code).toBe(0);
    expect(run(unseal([{ session, attributes: 0 }])).code.toString(16)).toBe("918");
  });

  test("a saved session is not loaded; its context works once, and not after the session was flushed", () => {
    const session = begin();
    const context = tpm.send(contextSave(session.handle)).subarray(10);
    expect(run(unseal([goesOn(session)])).code.toString(16)).toBe("918");
    expect(codeOf(tpm.send(contextLoad(context)))).toBe("0");
    expect(codeOf(tpm.send(contextLoad(context)))).toBe("1cb");
    expect(run(unseal([goesOn(session, bits.encrypt)]))).toMatchObject({ code: 0, genuine: true });
    const again = tpm.send(contextSave(session.handle)).subarray(10);
    expect(codeOf(tpm.send(contextLoad(context)))).toBe("1cb");
    tpm.send(hex(`80010000000e00000165${session.handle.toString(16).padStart(8, "0")}`));
    expect(codeOf(tpm.send(contextLoad(again)))).toBe("1cb");
  });

  test("everything about a session is in its context: salt, binding, encryption, audit", () => {
    const session = begin({ bind: ground.nv, hash: "sha384", symmetric: "xor", salt: ground.ecc });
    const read: Omit<Call, "uses"> = {
      code: 0x14e,
      handles: [ground.nv, ground.nv],
      authorized: 1,
      parameters: hex("00080000"),
    };
    expect(run({ ...read, uses: [goesOn(session, bits.encrypt)] })).toMatchObject({ code: 0, genuine: true });
    const context = tpm.send(contextSave(session.handle)).subarray(10);
    expect(codeOf(tpm.send(contextLoad(context)))).toBe("0");
    const answer = run({ ...read, uses: [goesOn(session, bits.encrypt)] });
    expect(answer).toMatchObject({ code: 0, genuine: true });
    expect(answer.parameters.toString("hex")).toBe("00080102030405060708");
  });

  test("a context of another TPM, of before a reset, or with one bit changed", () => {
    const session = begin();
    const context = Buffer.from(tpm.send(contextSave(session.handle)).subarray(10));
    expect(codeOf(createTpm({ seed: "other", keys: "ecc" }).send(contextLoad(context)))).toBe("1df");
    const changed = Buffer.from(context);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(codeOf(tpm.send(contextLoad(changed)))).toBe("1df");
    tpm.powerOff();
    tpm.powerOn();
    tpm.send(hex("80010000000c000001440000"));
    expect(codeOf(tpm.send(contextLoad(context)))).toBe("1df");
  });

  test("a binding ends when the auth value of the bound entity changes", () => {
    const session = begin({ bind: ground.owner });
    expect(run(changeOwner("new", [{ session: "password", attributes: 1 }])).code).toBe(0);
    const other = permanent(ground.owner.handle, Buffer.from("new"));
    const asked = { ...changeOwner("", [goesOn(session)]), handles: [other] };
    // The session is bound to the owner's old auth value, so that the new one becomes part of the key.
    expect(run(asked)).toMatchObject({ code: 0, genuine: true });
    // With the old auth value back it is bound again, as the binding is a comparison.
    expect(run(changeOwner("", [goesOn(session)]))).toMatchObject({ code: 0, genuine: true });
  });

  test("a session bound to a protected entity is refused while the lockout is on", () => {
    const session = begin({ bind: ground.secret });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const secret = { ...unseal([{ session: "password", attributes: 1, wrong: "hmac" }]), handles: [ground.secret] };
      expect(run(secret).code.toString(16)).toBe("98e");
    }
    const random: Call = {
      code: 0x17b,
      handles: [],
      authorized: 0,
      parameters: hex("0008"),
      uses: [goesOn(session, bits.encrypt)],
    };
    expect(run(random).code.toString(16)).toBe("921");
    expect(run({ ...random, uses: [goesOn(begin(), bits.encrypt)] }).code).toBe(0);
  });
});

describe("commands and sessions that do not go together", () => {
  const random: Omit<Call, "uses"> = { code: 0x17b, handles: [], authorized: 0, parameters: hex("0008") };

  test.each([
    { title: "Startup", call: { code: 0x144, parameters: hex("0000") }, code: "100" },
    { title: "FlushContext", call: { code: 0x165, parameters: hex("80000000") }, code: "145" },
    { title: "ContextLoad", call: { code: 0x161, parameters: hex("") }, code: "145" },
    { title: "a response without a TPM2B", call: { code: 0x17e, parameters: hex("00000000") }, code: "982" },
  ])("$title: $code", ({ call: asked, code }) => {
    const uses = [goesOn(begin(), bits.encrypt)];
    expect(run({ handles: [], authorized: 0, ...asked, uses }).code.toString(16)).toBe(code);
  });

  test("the same session twice, four sessions, a session without a purpose, one without an algorithm, two that encrypt", () => {
    const [one, two] = [begin(), begin()];
    const four = [goesOn(one, bits.encrypt), goesOn(two, bits.audit), goesOn(begin()), goesOn(begin())];
    expect(run({ ...random, uses: four }).code.toString(16)).toBe("c95");
    expect(run({ ...random, uses: [goesOn(one, bits.encrypt), goesOn(one, bits.audit)] }).code.toString(16)).toBe(
      "a8b",
    );
    expect(run({ ...random, uses: [goesOn(one)] }).code.toString(16)).toBe("982");
    expect(run({ ...random, uses: [goesOn(begin({ symmetric: "none" }), bits.encrypt)] }).code.toString(16)).toBe(
      "996",
    );
    expect(run({ ...random, uses: [one, two].map((each) => goesOn(each, bits.encrypt)) }).code.toString(16)).toBe(
      "a82",
    );
    const plain = [goesOn(one, bits.encrypt), goesOn(two, bits.audit)];
    expect(run({ ...random, uses: plain })).toMatchObject({ code: 0, genuine: true });
  });

  test("a salt for a sequence, which is not a key: TPM_RC_KEY, handle 1", () => {
    const sequence = tpm.send(hex("80010000000e000001860000000b")).readUInt32BE(10);
    expect(start(ground.send, { ...usual, salt: permanent(sequence) })).toBe(0x19c);
  });

  test("an audit session is exclusive until a command that it does not audit", () => {
    const session = begin();
    const audited = () => run({ ...random, uses: [goesOn(session, bits.audit)] }).attributes[0];
    expect(audited()).toBe(bits.continue | bits.audit | bits.exclusive);
    expect(audited()).toBe(bits.continue | bits.audit | bits.exclusive);
    run({ ...random, uses: [] });
    expect(audited()).toBe(bits.continue | bits.audit);
    const insists = goesOn(session, bits.audit | bits.exclusive);
    expect(run({ ...random, uses: [insists] }).code.toString(16)).toBe("121");
    expect(run({ ...random, uses: [goesOn(session, bits.audit | bits.reset)] }).attributes[0]).toBe(
      bits.continue | bits.audit | bits.exclusive | bits.reset,
    );
  });
});
