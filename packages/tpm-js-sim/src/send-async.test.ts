import { describe, expect, test } from "vitest";
import { hex } from "../../../test/fixtures/tpm-vectors.js";
import { createPrimary } from "./commands/hierarchy/create-primary.js";
import { create } from "./commands/object/create.js";
import { createLoaded } from "./commands/object/create-loaded.js";
import { generatedRsaKeys, type RsaKeySource } from "./crypto/rsa-keys.js";
import { srkTemplate } from "./keys/templates.js";
import { hierarchies, passwordSession, persistentHandles } from "./tables/handles.js";
import { createTpm, type TpmOptions, type VirtualTpm } from "./virtual-tpm.js";
import { encodeCommand } from "./wire/frame.js";
import { type TpmsAuthCommand, TpmtPublic } from "./wire/structures.js";

const empty = Buffer.alloc(0);
const password: TpmsAuthCommand = { sessionHandle: passwordSession, nonce: empty, attributes: 1, hmac: empty };
const authorizations = [password];
const inSensitive = { userAuth: empty, data: empty };
const rest = { inSensitive, outsideInfo: empty, creationPcr: [] };

/** An RSA key under the storage root key. */
const createRsa = encodeCommand({
  code: create.code,
  handles: [persistentHandles.storageRootKey],
  authorizations,
  parameters: create.parameters.encode({ ...rest, inPublic: srkTemplate }),
});
const createLoadedRsa = encodeCommand({
  code: createLoaded.code,
  handles: [persistentHandles.storageRootKey],
  authorizations,
  parameters: createLoaded.parameters.encode({ inSensitive, inPublic: TpmtPublic.encode(srkTemplate) }),
});
const createPrimaryRsa = encodeCommand({
  code: createPrimary.code,
  handles: [hierarchies.owner],
  authorizations,
  parameters: createPrimary.parameters.encode({ ...rest, inPublic: srkTemplate }),
});
const getRandom = hex("80010000000c0000017b0008");
const transientHandles = hex("8001000000160000017a0000000180000000000000fe");

function counting() {
  let next = 0;
  return (length: number): Buffer => Buffer.from(Array.from({ length }, () => (next = (next + 89) % 251)));
}

/** With a P-256 storage root key: only the keys that a test asks for need a search. */
function tpmWith(options: Partial<TpmOptions> = {}): VirtualTpm {
  return createTpm({ seed: "async", keys: "ecc", ...options } as TpmOptions);
}

const codeOf = (response: Buffer): string => response.readUInt32BE(6).toString(16);
const transients = (tpm: VirtualTpm): number => tpm.send(transientHandles).readUInt32BE(15);

describe("sendAsync", () => {
  test.each([
    { title: "Create", command: createRsa },
    { title: "CreateLoaded", command: createLoadedRsa },
    { title: "CreatePrimary", command: createPrimaryRsa },
    { title: "GetRandom", command: getRandom },
    { title: "an unknown command", command: hex("80010000000a00000000") },
    { title: "half a command", command: hex("8001") },
  ])("answers $title as send does, byte by byte, and leaves the same behind", async ({ command }) => {
    const [one, other] = [tpmWith({ random: counting() }), tpmWith({ random: counting() })];
    const [now, later] = [one.send(command), await other.sendAsync(command)];
    expect(later.toString("hex")).toBe(now.toString("hex"));
    expect(other.snapshot()).toEqual(one.snapshot());
    expect(other.send(getRandom)).toEqual(one.send(getRandom));
  });

  test("while a key is being made, other TPMs answer, and so does the same TPM to send", async () => {
    const [busy, other] = [tpmWith(), tpmWith()];
    const ended: string[] = [];
    const making = busy.sendAsync(createRsa).then((response) => ended.push(`Create ${codeOf(response)}`));
    expect(codeOf(busy.send(getRandom))).toBe("0");
    await other.sendAsync(getRandom).then((response) => ended.push(`GetRandom ${codeOf(response)}`));
    await making;
    expect(ended).toEqual(["GetRandom 0", "Create 0"]);
  });

  test("commands of one TPM keep their order, and a later command does not wait", async () => {
    const tpm = tpmWith();
    const ended: string[] = [];
    const all = [createRsa, getRandom, createPrimaryRsa, getRandom].map(async (command, index) => {
      ended.push(`${index} ${codeOf(await tpm.sendAsync(command))}`);
    });
    await Promise.all(all);
    expect(ended).toEqual(["0 0", "1 0", "2 0", "3 0"]);
    expect(codeOf(await tpm.sendAsync(getRandom))).toBe("0");
  });

  test("twenty keys at once, all different", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => tpmWith().sendAsync(createRsa)));
    expect(new Set(answers.map((answer) => answer.toString("hex"))).size).toBe(20);
    expect(answers.map(codeOf)).toEqual(answers.map(() => "0"));
  });

  test("a key that is ready only after power-off is dropped: TPM_RC_INITIALIZE", async () => {
    const tpm = tpmWith();
    const making = tpm.sendAsync(createLoadedRsa);
    tpm.powerOff();
    expect(codeOf(await making)).toBe("100");
    tpm.powerOn();
    tpm.send(hex("80010000000c000001440000"));
    expect(transients(tpm)).toBe(0);
  });

  test("commands of send take effect meanwhile: here one deletes the parent", async () => {
    const tpm = tpmWith();
    const making = tpm.sendAsync(createRsa);
    const evict = `800200000023000001204000000181000001${"00000009400000090000010000"}81000001`;
    expect(codeOf(tpm.send(hex(evict)))).toBe("0");
    expect(codeOf(await making)).toBe("18b");
  });

  test.each<{ title: string; rsaKeys: RsaKeySource; code: string }>([
    { title: "node's generator", rsaKeys: generatedRsaKeys, code: "0" },
    { title: "a source without rsaKeyAsync", rsaKeys: { rsaKey: generatedRsaKeys.rsaKey }, code: "0" },
    {
      title: "a source that fails",
      rsaKeys: { ...generatedRsaKeys, rsaKeyAsync: () => Promise.reject(new Error("no key today")) },
      code: "101",
    },
  ])("with another source of keys: $title", async ({ rsaKeys, code }) => {
    const tpm = tpmWith({ rsaKeys });
    expect(codeOf(await tpm.sendAsync(createLoadedRsa))).toBe(code);
    expect(transients(tpm)).toBe(code === "0" ? 1 : 0);
  });
});
