import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mutated as mutatedCommand, wellFormed } from "../../../test/conformance/tpm-differential.rows.js";
import { prepareGround, runStream, sessionStream } from "../../../test/conformance/tpm-sessions.rows.js";
import { base64, hex, tpmVectors } from "../../../test/fixtures/tpm-vectors.js";
import { TpmClient } from "./client/client.js";
import { commandsByCode } from "./commands/index.js";
import { dispatch } from "./dispatch.js";
import { makeAuthenticationKey, parseTpm2bPublic } from "./keys/credential.js";
import { memoryOf } from "./memory/state.js";
import { algorithms } from "./tables/algorithms.js";
import { createTpm } from "./virtual-tpm.js";
import { decode } from "./wire/codec.js";
import { Tpm2bPublic, Tpm2bSensitive, TpmsAuthCommand, TpmtPublic, TpmtTicket } from "./wire/structures.js";

const long = process.env["ROLLCALL_TEST"] === "long";
const runs = long ? 100_000 : 2000;
/** Load on the machine must not make a long run fail. */
const timeout = long ? 1_800_000 : 60_000;

/** Pseudorandom: the same in every run. */
function counting() {
  let next = 0;
  return (length: number): Buffer => Buffer.from(Array.from({ length }, () => (next = (next + 89) % 251)));
}

// P-256 keys are there from the start, so that no mutation sets off a search for primes.
const state = createTpm({ seed: "mutation", keys: "ecc" }).snapshot();

/** Every command that our client sends when it activates and signs, long texts included. */
const corpus: readonly Buffer[] = (() => {
  const sent: Buffer[] = [];
  const tpm = createTpm({ state, random: counting() });
  const client = new TpmClient((command) => {
    sent.push(Buffer.from(command));
    return tpm.send(command);
  });
  const endorsementKey = client.endorsementKey();
  const storageRootKey = client.storageRootKey();
  const key = Buffer.alloc(32, 7);
  const blob = makeAuthenticationKey({ endorsementKey, storageRootKey, key, uri: "u", random: counting() });
  client.activateIdentityKey(blob);
  client.sign(Buffer.from("short"));
  client.sign(Buffer.alloc(1500));
  const fromSdk = tpmVectors.sdkTranscript.commands.map(({ command }) => hex(command));
  // Left out: RSA templates, since they would start searches for keys.
  return [...sent, ...fromSdk.filter((command) => command.readUInt32BE(6) !== 0x131)];
})();

type Mutation = readonly [kind: number, position: number, value: number];

/**
 * Flips, cuts, repeats or inserts bytes. Sometimes the size field is corrected, so that the change gets past the
 * header.
 */
function mutate(command: Buffer, mutations: readonly Mutation[], fixSize: boolean): Buffer {
  let bytes = Buffer.from(command);
  for (const [kind, position, value] of mutations) {
    const at = bytes.length === 0 ? 0 : position % bytes.length;
    if (kind === 0) bytes[at] = value;
    if (kind === 1) bytes = bytes.subarray(0, at);
    if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(value), bytes.subarray(at)]);
    if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value % 8))]);
  }
  bytes = Buffer.from(bytes);
  if (fixSize && bytes.length >= 6) bytes.writeUInt32BE(bytes.length, 2);
  return bytes;
}

function expectWellFormed(response: Buffer): void {
  expect(response.length).toBeGreaterThanOrEqual(10);
  expect(response.length).toBeLessThanOrEqual(4096);
  expect(response.readUInt32BE(2)).toBe(response.length);
  const [tag, code] = [response.readUInt16BE(0), response.readUInt32BE(6)];
  // TPM_RC_FAILURE would be a bug of ours: no input may cause it.
  expect(code).not.toBe(0x101);
  const expected = code === 0 ? [0x8001, 0x8002] : [0x8001];
  expect(expected).toContain(tag);
  expect(code === 0 || response.length === 10).toBe(true);
}

const mutation = fc.tuple(fc.nat(3), fc.nat(1200), fc.nat(255));
const step = fc.tuple(fc.nat(corpus.length - 1), fc.array(mutation, { maxLength: 4 }), fc.boolean());

describe("malformed commands", () => {
  test(`${runs} runs of mutated commands, each run on a TPM that has seen some of the right ones`, { timeout }, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const memory = memoryOf(state, counting());
        for (const [index, mutations, fixSize] of steps) {
          expectWellFormed(dispatch(memory, mutate(corpus[index] ?? Buffer.alloc(0), mutations, fixSize)));
        }
      }),
      { numRuns: runs },
    );
  });

  test(`${runs} runs of noise after every command code`, { timeout }, () => {
    const codes = [...commandsByCode.keys()];
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.boolean(), fc.uint8Array({ maxLength: 80 }), (code, sessions, body) => {
        const command = Buffer.concat([Buffer.alloc(10), body]);
        command.writeUInt16BE(sessions ? 0x8002 : 0x8001, 0);
        command.writeUInt32BE(command.length, 2);
        command.writeUInt32BE(code, 6);
        expectWellFormed(dispatch(memoryOf(state, counting()), command));
      }),
      { numRuns: runs },
    );
  });

  test(`${runs} runs of commands of every kind, some of them mutated, on one TPM after another`, { timeout }, () => {
    const any = fc.oneof(wellFormed, mutatedCommand);
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), (commands) => {
        const memory = memoryOf(state, counting());
        for (const command of commands) expectWellFormed(dispatch(memory, command));
      }),
      { numRuns: runs },
    );
  });

  // Each is a stream of some 25 commands.
  const streams = long ? 10_000 : 200;
  test(`${streams} streams of sessions, salted, bound and encrypting, some of their commands mutated`, {
    timeout,
  }, () => {
    const tpm = createTpm({ state, random: counting() });
    const ground = prepareGround((command) => tpm.send(command));
    const prepared = tpm.snapshot();
    const change = fc.tuple(fc.nat(12), fc.array(mutation, { maxLength: 2 }));
    const changes = fc.array(change, { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(sessionStream, changes, (steps, mutations) => {
        const other = createTpm({ state: prepared, random: counting() });
        const malformed: unknown[] = [];
        let sent = 0;
        const send = (command: Buffer): Buffer => {
          const [kind = 1, changed = []] = mutations[sent++ % mutations.length] ?? [];
          const response = other.send(kind === 0 ? mutate(command, changed, true) : command);
          try {
            expectWellFormed(response);
          } catch (error) {
            malformed.push(error);
          }
          return response;
        };
        try {
          runStream({ ...ground, send }, steps);
        } catch {
          // The caller is out of step: it got the answer to a different command.
        }
        expect(malformed).toEqual([]);
      }),
      { numRuns: streams },
    );
  });

  test(`memory does not grow over ${long ? 100_000 : 5000} commands on one TPM`, { timeout }, () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void; // what --expose-gc adds
    const tpm = createTpm({ state, random: counting() });
    const commands = fc.sample(fc.oneof(wellFormed, mutatedCommand), { numRuns: 1000, seed: 11 });
    const rounds = long ? 100 : 5;
    const used = Array.from({ length: rounds }, () => {
      for (const command of commands) tpm.send(command);
      collect();
      return process.memoryUsage().heapUsed;
    });
    const [, , warm = 0] = used;
    expect((used.at(-1) ?? 0) - warm).toBeLessThan(4_000_000);
  });

  test("the slots fill up and are freed again: nothing is left after thousands of commands and a power cycle", () => {
    const tpm = createTpm({ state, random: counting() });
    const before = JSON.stringify(tpm.snapshot()).length;
    for (const command of fc.sample(wellFormed, { numRuns: 2000, seed: 7 })) tpm.send(command);
    const counts = (first: string) => tpm.send(hex(`8001000000160000017a00000001${first}000000fe`)).readUInt32BE(15);
    expect(counts("80000000")).toBeLessThanOrEqual(64);
    expect(counts("02000000")).toBeLessThanOrEqual(64);
    tpm.powerOff();
    tpm.powerOn();
    tpm.send(hex("80010000000c000001440000"));
    expect([counts("80000000"), counts("02000000"), counts("03000000")]).toEqual([0, 0, 0]);
    expect(JSON.stringify(tpm.snapshot()).length).toBeLessThan(before + 3000);
  });

  test.each([
    { title: "nothing", command: "", code: 0x142 },
    { title: "half a header", command: "80010000000a", code: 0x142 },
    { title: "a wrong size", command: "80010000000b0000017b", code: 0x142 },
    { title: "a wrong tag", command: "80030000000a0000017b", code: 0x01e },
    { title: "an unknown command", command: "80010000000a00000000", code: 0x143 },
    { title: "parameters that are too short", command: "80010000000b0000017b00", code: 0x1da },
    { title: "parameters that are too long", command: "80010000000d0000017b000000", code: 0x095 },
    { title: "an authorization area that is too long", command: "80020000001200000155810000010000ffff", code: 0x095 },
    { title: "a handle that is cut short", command: "80010000000c000001738101", code: 0x19a },
    { title: "a transient object that does not exist", command: "80010000000e0000017380000000", code: 0x910 },
    {
      title: "sessions for a command that allows no sessions",
      command: "80020000001b0000016500000009400000090000010000" + "80000000",
      code: 0x145,
    },
  ])("$title", ({ command, code }) => {
    const response = createTpm({ state }).send(hex(command));
    expect(response.readUInt32BE(6).toString(16)).toBe(code.toString(16));
  });
});

describe("codecs read what they wrote", () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
  const word = fc.nat(0xffff);
  const long = fc.nat(0xffffffff);

  const symmetric = fc.oneof(
    fc.constant({ algorithm: algorithms.null } as const),
    fc.record({ algorithm: fc.constant(algorithms.aes), keyBits: word, mode: word }),
  );
  const hashScheme = <const T extends number>(scheme: T) => fc.record({ scheme: fc.constant(scheme), hashAlg: word });
  const noScheme = fc.constant({ scheme: algorithms.null } as const);
  const head = { nameAlg: word, objectAttributes: long, authPolicy: bytes(64) };

  const publicArea = fc.oneof(
    fc.record({
      type: fc.constant(algorithms.rsa),
      ...head,
      parameters: fc.record({
        symmetric,
        scheme: fc.oneof(noScheme, hashScheme(algorithms.rsassa), hashScheme(algorithms.oaep)),
        keyBits: word,
        exponent: long,
      }),
      unique: bytes(256),
    }),
    fc.record({
      type: fc.constant(algorithms.ecc),
      ...head,
      parameters: fc.record({
        symmetric,
        scheme: fc.oneof(noScheme, hashScheme(algorithms.ecdsa)),
        curveId: word,
        kdf: fc.oneof(noScheme, hashScheme(algorithms.kdf2)),
      }),
      unique: fc.record({ x: bytes(32), y: bytes(32) }),
    }),
    fc.record({
      type: fc.constant(algorithms.keyedHash),
      ...head,
      parameters: fc.oneof(noScheme, hashScheme(algorithms.hmac)),
      unique: bytes(64),
    }),
    fc.record({ type: fc.constant(algorithms.symCipher), ...head, parameters: symmetric, unique: bytes(64) }),
  ) satisfies fc.Arbitrary<TpmtPublic>;

  test("TPM2B_PUBLIC", () => {
    fc.assert(
      fc.property(publicArea, (area) => {
        const encoded = Tpm2bPublic.encode(area);
        expect(decode(Tpm2bPublic, encoded)).toEqual(area);
        expect(encoded.subarray(2)).toEqual(TpmtPublic.encode(area));
      }),
    );
  });

  test("TPM2B_SENSITIVE, TPMS_AUTH_COMMAND, TPMT_TK", () => {
    const sensitive = fc.record({
      sensitiveType: word,
      authValue: bytes(64),
      seedValue: bytes(64),
      sensitive: bytes(256),
    });
    const authorization = fc.record({
      sessionHandle: fc.constantFrom(0x40000009, 0x02000000, 0x0300003f),
      nonce: bytes(64),
      attributes: fc.nat(255).map((bits) => bits & ~0x18),
      hmac: bytes(64),
    });
    const ticket = fc.record({ tag: word, hierarchy: long, digest: bytes(64) });
    fc.assert(
      fc.property(sensitive, authorization, ticket, (one, two, three) => {
        expect(decode(Tpm2bSensitive, Tpm2bSensitive.encode(one))).toEqual(one);
        expect(decode(TpmsAuthCommand, TpmsAuthCommand.encode(two))).toEqual(two);
        expect(decode(TpmtTicket, TpmtTicket.encode(three))).toEqual(three);
      }),
    );
  });

  test("parseTpm2bPublic never throws, and has problems exactly when a key is not usable", () => {
    const ek = base64(tpmVectors.rsa.ek.tpm2bPublicBase64);
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const parsed = parseTpm2bPublic(mutate(ek, mutations, false), { allowEcc: true });
        expect(parsed.problems.length > 0).toBe(parsed.kind !== "usable");
      }),
      { numRuns: runs },
    );
  });
});
