import { createHmac, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { createTpm, type VirtualTpm } from "tpm-js-sim";
import { makeAuthenticationKey, registrationIdOf } from "tpm-js-sim/credential";
import { serveTpm, type TpmServer } from "tpm-js-sim/tcp";
import { afterEach, describe, expect, test } from "vitest";
import { promisedClient, type SdkTpmClient } from "./tpm-sdk.js";

const require = createRequire(import.meta.url);
/** The same tss.js that the SDK loads, in any folder of npm. */
const ofSdk = createRequire(require.resolve("azure-iot-security-tpm"));

let server: TpmServer | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
});

async function serveOnPair(tpm: VirtualTpm): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      server = await serveTpm({ tpm, port, platformPort: port + 1 });
      return port;
    } catch (error) {
      if (attempt === 50) throw error;
    }
  }
}

interface Sdk {
  readonly TpmSecurityClient: new (registrationId?: string, tpm?: object) => Parameters<typeof promisedClient>[0];
}

// The package's own types do not fit `verbatimModuleSyntax`; this is the part of its documentation that is used here.
const { TpmSecurityClient } = require("azure-iot-security-tpm") as Sdk;

async function activatesAndSigns(sdk: SdkTpmClient): Promise<void> {
  const endorsementKey = await sdk.endorsementKey();
  const storageRootKey = await sdk.storageRootKey();
  expect(await sdk.registrationId()).toBe(registrationIdOf(endorsementKey));
  for (const key of [randomBytes(32), randomBytes(64)]) {
    await sdk.activate(makeAuthenticationKey({ endorsementKey, storageRootKey, key, uri: "u", random: randomBytes }));
    for (const size of [1, 1024, 3000]) {
      const data = randomBytes(size);
      expect(await sdk.sign(data)).toEqual(createHmac("sha256", key).update(data).digest());
    }
  }
}

describe("the unmodified azure-iot-security-tpm over sockets", () => {
  test("the Microsoft simulator protocol, as tss.Tpm(true, host, port) speaks it", async () => {
    const port = await serveOnPair(createTpm({ seed: "sockets" }));
    const tss = ofSdk("tss.js") as { Tpm: new (simulator: boolean, host: string, port: number) => object };
    await activatesAndSigns(promisedClient(new TpmSecurityClient(undefined, new tss.Tpm(true, "127.0.0.1", port))));
  });

  test("new TpmSecurityClient() without arguments finds port 2323", async (context) => {
    if (existsSync("/dev/tpm0") || existsSync("/dev/tpmrm0")) context.skip("this machine has a TPM of its own");
    try {
      server = await serveTpm({ tpm: createTpm({ seed: "sockets" }), rmPort: 2323 });
    } catch {
      context.skip("port 2323 cannot be bound");
    }
    await activatesAndSigns(promisedClient(new TpmSecurityClient()));
  });
});

/** Sends bytes and waits for the expected number of bytes, or for the end of the connection. */
function exchange(port: number, chunks: readonly Buffer[], expected: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let received = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= expected) socket.end();
    });
    socket.setNoDelay(true);
    for (const chunk of chunks) socket.write(chunk);
  });
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

const startup = "80010000000c000001440000";
const startPolicySession = `80010000002b000001764000000740000007${"0010".padEnd(36, "0")}0000010010000b`;

/** One command in the simulator's frame; the response code of its answer. */
async function codeOf(port: number, command: string): Promise<number> {
  const bytes = hex(command);
  const head = Buffer.alloc(9);
  head.writeUInt32BE(8);
  head.writeUInt32BE(bytes.length, 5);
  const answer = await exchange(port, [head, bytes], 18);
  return answer.readUInt32BE(10);
}

describe("the sockets themselves", () => {
  test("many connections one after another see one TPM", async () => {
    const port = await serveOnPair(createTpm({ seed: "many", keys: "ecc" }));
    for (let round = 0; round < 64; round += 1) expect(await codeOf(port, startPolicySession)).toBe(0);
    expect(await codeOf(port, startPolicySession)).toBe(0x903);
  });

  test("power: on changes nothing, off takes sessions, reset is both", async () => {
    const port = await serveOnPair(createTpm({ seed: "power", keys: "ecc" }));
    const platform = (code: string): Promise<Buffer> => exchange(port + 1, [hex(code)], 4);
    const flush = "80010000000e0000016503000000";
    await codeOf(port, startPolicySession);
    expect(await platform("00000001")).toEqual(Buffer.alloc(4));
    expect(await codeOf(port, flush)).toBe(0);
    await codeOf(port, startPolicySession);
    await platform("00000002");
    expect(await codeOf(port, startup)).toBe(0x100);
    await platform("00000001");
    expect(await codeOf(port, flush)).toBe(0x100);
    expect(await codeOf(port, startup)).toBe(0);
    expect(await codeOf(port, flush)).toBe(0x1cb);
    await codeOf(port, startPolicySession);
    await platform("00000011");
    expect(await codeOf(port, startup)).toBe(0);
    expect(await codeOf(port, flush)).toBe(0x1cb);
  });

  const getRandom = "00000008000000000c80010000000c0000017b0008";
  test.each([
    { title: "a handshake", sent: ["0000000f00000001"], received: 12 },
    { title: "a command byte by byte", sent: getRandom.match(/../g) ?? [], received: 28 },
    { title: "two commands at once", sent: [getRandom + getRandom], received: 56 },
    { title: "hash start, data, end", sent: ["00000005", "00000006000000036162630000", "0007"], received: 12 },
    { title: "session end", sent: ["00000014"], received: 0 },
    { title: "an unknown code", sent: ["000000ff"], received: 0 },
    { title: "a length beyond all commands", sent: ["0000000800ffffffff"], received: 0 },
    { title: "half a command and the end", sent: ["0000000800"], received: 0 },
  ])("$title: $received bytes", async ({ sent, received }) => {
    const port = await serveOnPair(createTpm({ seed: "wire", keys: "ecc" }));
    const chunks = sent.map(hex);
    const ends = received === 0 && sent[0] === "0000000800";
    const answer = ends ? await cutOff(port, chunks) : await exchange(port, chunks, received);
    expect(answer.length).toBe(received);
  });

  /** Disconnects in the middle of a command; the server must continue. */
  async function cutOff(port: number, chunks: readonly Buffer[]): Promise<Buffer> {
    await new Promise<void>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        for (const chunk of chunks) socket.write(chunk);
        socket.end();
      });
      socket.resume().on("close", () => resolve());
    });
    expect(await codeOf(port, startup)).toBe(0x100);
    return Buffer.alloc(0);
  }

  /** An RSA key under the storage root key: about 80 ms of search. */
  const createRsa = (() => {
    const template = "0001000b000304720000" + "000600800043" + "0010" + "0800" + "00000000" + "0000";
    const parameters = `000400000000001a${template}000000000000`;
    const body = `0000015381000001${"00000009400000090000010000"}${parameters}`;
    return `8002${(6 + body.length / 2).toString(16).padStart(8, "0")}${body}`;
  })();

  test("while one TPM makes an RSA key another answers, and power can go", async () => {
    const busy = createTpm({ seed: "busy", keys: "ecc" });
    const port = await serveOnPair(busy);
    const other = await serveTpm({ tpm: createTpm({ seed: "idle", keys: "ecc" }), port: 0 });
    try {
      const ended: string[] = [];
      const making = codeOf(port, createRsa).then((code) => ended.push(`Create ${code.toString(16)}`));
      await codeOf(other.ports.port ?? 0, "80010000000c0000017b0008").then((code) => ended.push(`GetRandom ${code}`));
      await making;
      expect(ended).toEqual(["GetRandom 0", "Create 0"]);
      const cut = codeOf(port, createRsa);
      busy.powerOff();
      // The command arrives after the power is off, or is repeated without power: both are refused.
      expect(await cut).toBe(0x100);
    } finally {
      await other.close();
    }
  });

  test("commands and the session's end in one piece: every answer arrives first", async () => {
    const port = await serveOnPair(createTpm({ seed: "pipe", keys: "ecc" }));
    const random = `0000000800${"0000000c"}80010000000c0000017b0008`;
    const create = `0000000800${(createRsa.length / 2).toString(16).padStart(8, "0")}${createRsa}`;
    const answer = await exchange(
      port,
      [hex(`${random}${create}${random}00000014${random}`)],
      Number.POSITIVE_INFINITY,
    );
    expect(answer.readUInt32BE(0)).toBe(20);
    const created = 28 + 8 + answer.readUInt32BE(28);
    expect(answer.readUInt32BE(28 + 4 + 6)).toBe(0);
    expect(answer.length).toBe(created + 28);
  });

  test("a change that cannot be saved: no answer, the error goes to onError, and the next command is served", async () => {
    const errors: unknown[] = [];
    let full = true;
    const onChange = () => {
      if (full) throw new Error("no space left");
    };
    const tpm = createTpm({ seed: "full", keys: "ecc" });
    server = await serveTpm({ tpm, port: 0, onChange, onError: (error) => errors.push(error) });
    const { port = 0 } = server.ports;
    expect(await exchange(port, [hex(getRandom)], 28)).toHaveLength(0);
    expect(errors).toEqual([new Error("no space left")]);
    full = false;
    expect(await exchange(port, [hex(getRandom)], 28)).toHaveLength(28);
  });

  test("a port that is taken is an error, and nothing stays open", async () => {
    const port = await serveOnPair(createTpm({ seed: "taken", keys: "ecc" }));
    const tpm = createTpm({ seed: "second", keys: "ecc" });
    await expect(serveTpm({ tpm, port: 0, platformPort: port + 1 })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
