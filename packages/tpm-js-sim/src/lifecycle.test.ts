import { generateKeyPairSync, sign as nodeSign, randomBytes, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { callTpm } from "./client/call-tpm.js";
import { quotePcrs, readPcrs } from "./client/pcr-client.js";
import { contextLoad } from "./commands/context/context-load.js";
import { contextSave } from "./commands/context/context-save.js";
import { flushContext } from "./commands/context/flush-context.js";
import { clearControl } from "./commands/hierarchy/clear-control.js";
import { createPrimary } from "./commands/hierarchy/create-primary.js";
import { hierarchyChangeAuth } from "./commands/hierarchy/hierarchy-change-auth.js";
import { nvDefineSpace } from "./commands/nv/nv-define-space.js";
import { nvRead } from "./commands/nv/nv-read.js";
import { nvWrite } from "./commands/nv/nv-write.js";
import { pcrExtend } from "./commands/pcr/pcr-extend.js";
import { startAuthSession } from "./commands/session/start-auth-session.js";
import { shutdown } from "./commands/startup/shutdown.js";
import { startup } from "./commands/startup/startup.js";
import { digest } from "./crypto/crypto.js";
import { ecdsaSign, ecdsaVerify } from "./crypto/ecc.js";
import { eccSrkTemplate } from "./keys/templates.js";
import { eccCurves } from "./tables/ecc-curves.js";
import { hierarchies, passwordSession } from "./tables/handles.js";
import { createTpm, type VirtualTpm } from "./virtual-tpm.js";
import type { TpmsAuthCommand } from "./wire/structures.js";

const empty = Buffer.alloc(0);
const sha256 = 0x000b;

function password(auth = ""): TpmsAuthCommand {
  return { sessionHandle: passwordSession, nonce: empty, attributes: 1, hmac: Buffer.from(auth) };
}

function sendOf(tpm: VirtualTpm) {
  return (command: Uint8Array): Buffer => tpm.send(command);
}

function powerCycle(tpm: VirtualTpm): void {
  tpm.powerOff();
  tpm.powerOn();
}

function extend(tpm: VirtualTpm, pcr: number): void {
  const parameters = { digests: [{ hashAlg: sha256, digest: Buffer.alloc(32, 1) }] };
  callTpm(sendOf(tpm), pcrExtend, { handles: [pcr], authorizations: [password()], parameters });
}

function codeOf(step: () => unknown): number {
  try {
    step();
    return 0;
  } catch (error) {
    return (error as { responseCode?: number }).responseCode ?? -1; // a TpmCommandError
  }
}

describe("power cycles", () => {
  const start = (tpm: VirtualTpm, startupType: number) =>
    codeOf(() => callTpm(sendOf(tpm), startup, { handles: [], parameters: { startupType } }));
  const stop = (tpm: VirtualTpm, shutdownType: number) =>
    callTpm(sendOf(tpm), shutdown, { handles: [], parameters: { shutdownType } });
  const pcr = (tpm: VirtualTpm, index: number) => readPcrs(sendOf(tpm), "sha256", [index])[0]?.toString("hex");

  test.each([
    { title: "Shutdown(STATE), Startup(STATE): PCRs stay", shutdownType: 1, startupType: 1, code: 0, kept: true },
    { title: "Shutdown(STATE), Startup(CLEAR): they are reset", shutdownType: 1, startupType: 0, code: 0, kept: false },
    { title: "Shutdown(CLEAR), Startup(STATE): refused", shutdownType: 0, startupType: 1, code: 0x1c4, kept: false },
    {
      title: "no Shutdown, Startup(STATE): refused",
      shutdownType: undefined,
      startupType: 1,
      code: 0x1c4,
      kept: false,
    },
  ])("$title", ({ shutdownType, startupType, code, kept }) => {
    const tpm = createTpm({ seed: "power" });
    extend(tpm, 0);
    const before = pcr(tpm, 0);
    if (shutdownType !== undefined) stop(tpm, shutdownType);
    powerCycle(tpm);
    expect(start(tpm, startupType)).toBe(code);
    if (code !== 0) expect(start(tpm, 0)).toBe(0);
    expect(pcr(tpm, 0) === before).toBe(kept);
    expect(pcr(tpm, 17)).toBe("ff".repeat(32));
  });

  test("a command after Shutdown cancels it", () => {
    const tpm = createTpm({ seed: "power" });
    stop(tpm, 1);
    extend(tpm, 0);
    powerCycle(tpm);
    expect(start(tpm, 1)).toBe(0x1c4);
  });

  test("a context does not outlive a reset", () => {
    const tpm = createTpm({ seed: "power", keys: "ecc" });
    const send = sendOf(tpm);
    const { handle } = callTpm(send, createPrimary, {
      handles: [hierarchies.owner],
      authorizations: [password()],
      parameters: {
        inSensitive: { userAuth: empty, data: empty },
        inPublic: eccSrkTemplate,
        outsideInfo: empty,
        creationPcr: [],
      },
    });
    const { context } = callTpm(send, contextSave, { handles: [handle], parameters: {} }).parameters;
    const load = () => callTpm(send, contextLoad, { handles: [], parameters: { context } });
    expect(codeOf(load)).toBe(0);
    powerCycle(tpm);
    start(tpm, 0);
    expect(codeOf(load)).toBe(0x1df);
  });
});

describe("what a state keeps", () => {
  const index = 0x01c00002;

  test("NV indices, auth values, ClearControl", () => {
    const tpm = createTpm({ seed: "kept" });
    const send = sendOf(tpm);
    const publicInfo = { nvIndex: index, nameAlg: sha256, attributes: 0x00060006, authPolicy: empty, dataSize: 8 };
    callTpm(send, nvDefineSpace, {
      handles: [hierarchies.owner],
      authorizations: [password()],
      parameters: { auth: Buffer.from("nv"), publicInfo },
    });
    const write = { data: Buffer.from("contents"), offset: 0 };
    callTpm(send, nvWrite, { handles: [index, index], authorizations: [password("nv")], parameters: write });
    callTpm(send, hierarchyChangeAuth, {
      handles: [hierarchies.owner],
      authorizations: [password()],
      parameters: { newAuth: Buffer.from("secret\0\0") },
    });
    callTpm(send, clearControl, {
      handles: [hierarchies.lockout],
      authorizations: [password()],
      parameters: { disable: 1 },
    });

    const state = JSON.parse(JSON.stringify(tpm.snapshot())) as ReturnType<VirtualTpm["snapshot"]>;
    const restored = createTpm({ state });
    expect(restored.snapshot()).toEqual(state);
    const read = (auth: string, handle: number) => () =>
      callTpm(sendOf(restored), nvRead, {
        handles: [handle, index],
        authorizations: [password(auth)],
        parameters: { size: 8, offset: 0 },
      });
    expect(read("nv", index)().parameters.data.toString()).toBe("contents");
    expect(read("secret", hierarchies.owner)().parameters.data.toString()).toBe("contents");
    expect(codeOf(read("", hierarchies.owner))).toBe(0x9a2);
    expect(
      restored.send(Buffer.from("80020000001b000001264000000c00000009400000090000010000", "hex")).readUInt32BE(6),
    ).toBe(0x120);
  });

  test("the lockout: counted, kept, and forgiven with time", () => {
    let clock = 0;
    const tpm = createTpm({ seed: "lockout", now: () => clock });
    const publicInfo = { nvIndex: index, nameAlg: sha256, attributes: 0x00060006, authPolicy: empty, dataSize: 8 };
    callTpm(sendOf(tpm), nvDefineSpace, {
      handles: [hierarchies.owner],
      authorizations: [password()],
      parameters: { auth: Buffer.from("nv"), publicInfo },
    });
    const tryWith = (auth: string, on = tpm) =>
      codeOf(() =>
        callTpm(sendOf(on), nvWrite, {
          handles: [index, index],
          authorizations: [password(auth)],
          parameters: { data: empty, offset: 0 },
        }),
      );
    expect([tryWith("a"), tryWith("b"), tryWith("c"), tryWith("nv")]).toEqual([0x98e, 0x98e, 0x98e, 0x921]);
    expect(tryWith("nv", createTpm({ state: tpm.snapshot(), now: () => clock }))).toBe(0x921);
    clock = 999_999;
    expect(tryWith("nv")).toBe(0x921);
    clock = 1_000_000;
    expect(tryWith("nv")).toBe(0);
    expect(tpm.snapshot().lockout).toMatchObject({ failedTries: 2, maxTries: 3 });
  });

  test("the lockout's own auth value has one try", () => {
    let clock = 0;
    const tpm = createTpm({ seed: "lockout", now: () => clock });
    const change = (auth: string) =>
      codeOf(() =>
        callTpm(sendOf(tpm), hierarchyChangeAuth, {
          handles: [hierarchies.lockout],
          authorizations: [password(auth)],
          parameters: { newAuth: Buffer.from("x") },
        }),
      );
    expect([change(""), change("wrong"), change("x")]).toEqual([0, 0x98e, 0x921]);
    clock = 1_000_000;
    expect(change("x")).toBe(0);
  });
});

describe("signatures", () => {
  test.each([...eccCurves.values()])(
    "ECDSA of digests, $jwk: node's are verified, ours are by node, wrong ones are not",
    (curve) => {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve.node });
      const jwk = privateKey.export({ format: "jwk" });
      const [x, y, d] = [jwk.x, jwk.y, jwk.d].map((text) => Buffer.from(text ?? "", "base64url"));
      if (x === undefined || y === undefined || d === undefined) throw new Error("no key");
      for (const text of ["", "a", "text"]) {
        const hash = digest(sha256, Buffer.from(text));
        const { r, s } = ecdsaSign({ curve, scalar: d, digest: hash, random: randomBytes });
        expect(
          verify("sha256", Buffer.from(text), { key: publicKey, dsaEncoding: "ieee-p1363" }, Buffer.concat([r, s])),
        ).toBe(true);
        const theirs = nodeSign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
        const signature = { r: theirs.subarray(0, curve.size), s: theirs.subarray(curve.size) };
        expect(ecdsaVerify(curve, { x, y }, hash, signature)).toBe(true);
        expect(ecdsaVerify(curve, { x, y }, digest(sha256, hash), signature)).toBe(false);
        expect(ecdsaVerify(curve, { x, y: x }, hash, signature)).toBe(false);
        expect(ecdsaVerify(curve, { x, y }, hash, { r: Buffer.alloc(32), s: signature.s })).toBe(false);
      }
    },
  );

  test("a quote: of the PCRs, over the nonce, by a key that is always the same", () => {
    const tpm = createTpm({ seed: "quote" });
    extend(tpm, 7);
    const input = { bank: "sha256", pcrs: [0, 7], nonce: Buffer.from("nonce") } as const;
    const { attestationKey, quoted, signature } = quotePcrs(sendOf(tpm), input);
    expect(verify("sha256", quoted, attestationKey, signature.subarray(6))).toBe(true);
    expect(quoted.subarray(-32)).toEqual(digest(sha256, ...readPcrs(sendOf(tpm), "sha256", [0, 7])));
    expect(quoted.includes(Buffer.from("0005nonce".replace("0005", "\0\x05")))).toBe(true);
    expect(quotePcrs(sendOf(createTpm({ seed: "quote" })), input).attestationKey.equals(attestationKey)).toBe(true);
  });
});

test("a session's context can be loaded once, and its slot stays reserved meanwhile", () => {
  const tpm = createTpm({ seed: "sessions" });
  const send = sendOf(tpm);
  const start = () =>
    callTpm(send, startAuthSession, {
      handles: [hierarchies.null, hierarchies.null],
      parameters: {
        nonceCaller: Buffer.alloc(16),
        encryptedSalt: empty,
        sessionType: 1,
        symmetric: { algorithm: 0x0010 },
        authHash: sha256,
      },
    }).handle;
  const first = start();
  const { context } = callTpm(send, contextSave, { handles: [first], parameters: {} }).parameters;
  expect(start()).toBe(first + 1);
  const load = () => callTpm(send, contextLoad, { handles: [], parameters: { context } });
  expect(load().handle).toBe(first);
  expect(codeOf(load)).toBe(0x1cb);
  callTpm(send, flushContext, { handles: [], parameters: { flushHandle: first } });
  expect(start()).toBe(first);
});
