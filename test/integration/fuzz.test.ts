import { once } from "node:events";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext } from "node:tls";
import { issueLeaf } from "@rollcall/pki";
import { topics } from "@rollcall/protocol";
import fc from "fast-check";
import mqttPacket, { type Packet } from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Attack, attacks, type Target } from "./fuzz.arbitraries.js";
import { ClosedError, RawMqtt } from "./raw-mqtt.js";
import { startService, type TestService, userName } from "./service.js";
import { callHttps, openTcp, openTls } from "./sockets.js";
import { subscribed, symmetricIndividual } from "./symmetric.js";

/**
 * An attacker on real sockets: for any input, the process continues, the attacker is not admitted, the real device can
 * register, and nothing stays open. A failure prints the seed; ROLLCALL_SEED=<seed> runs it again.
 */

const long = process.env["ROLLCALL_TEST"] === "long";
const count = long ? 10_000 : 1000;
/** Attacks that run at the same time in one run of the property. */
const BATCH = 20;
const seed = Number(process.env["ROLLCALL_SEED"] ?? (long ? Date.now() % 2 ** 31 : 20_261_123));

const key = Buffer.alloc(32, 17).toString("base64");
const registrationId = "fuzzed";
let service: TestService;
let target: Target;
/** The attacker's certificates: self-signed with the device's name, and without a certificate. */
let contexts: { readonly named: SecureContext; readonly bare: SecureContext };

beforeAll(async () => {
  service = await startService({ seed: { enrollments: [symmetricIndividual(registrationId, key)] } });
  target = { idScope: service.idScope, registrationId, hub: service.hub };
  const { chainPem, privateKeyPem } = await issueLeaf({ commonName: registrationId });
  const { ca } = service.mqtt;
  contexts = {
    named: createSecureContext({ ca, cert: chainPem, key: privateKeyPem }),
    bare: createSecureContext({ ca }),
  };
});

afterAll(async () => {
  await service.rollcall.stop();
});

/** Writes bytes and a half-close, and waits for the end; what came back. */
async function spill(stream: Duplex, bytes: Uint8Array): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => undefined);
  const closed = stream.closed ? Promise.resolve() : once(stream, "close");
  stream.end(bytes);
  await closed;
  return Buffer.concat(chunks).toString("latin1");
}

const openSecure = (place: "mqtt" | "https", context: SecureContext) =>
  openTls({ ...service[place], secureContext: context });

/** All packets until the service closes or answers a PINGREQ. */
async function converse(client: RawMqtt, send: () => void): Promise<readonly Packet[]> {
  try {
    send();
    client.send({ cmd: "pingreq" });
    await client.take("pingresp");
  } catch (error) {
    if (!(error instanceof ClosedError)) throw error;
  } finally {
    await client[Symbol.asyncDispose]();
  }
  return client.packets;
}

/** All packets until the service closes, after bytes that may be an incomplete packet. */
async function trail(client: RawMqtt, bytes: Uint8Array): Promise<readonly Packet[]> {
  client.stream.end(bytes);
  await client.closed;
  await client[Symbol.asyncDispose]();
  return client.packets;
}

const hello = () => ({
  protocolId: "MQTT" as const,
  protocolVersion: 4 as const,
  clean: true,
  keepalive: 60,
  clientId: registrationId,
  username: userName(service.idScope, registrationId),
});

/** A valid frame with one byte changed. */
function bentFrame({ base, at, byte }: Extract<Attack, { kind: "frame" }>): Buffer {
  const frames = {
    connect: () => mqttPacket.generate({ cmd: "connect", ...hello() }),
    subscribe: () =>
      mqttPacket.generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: topics.replies, qos: 1 }] }),
    publish: () => {
      const packet = { qos: 1, messageId: 2, dup: false, retain: false, payload: "{}" } as const;
      return mqttPacket.generate({ cmd: "publish", topic: `${topics.register}?$rid=1`, ...packet });
    },
  };
  const frame = frames[base]();
  frame[at % frame.length] = byte;
  return frame;
}

/** A connection after CONNECT: X.509 is checked at the register request, so a self-signed certificate gets this far. */
async function admitted(): Promise<RawMqtt> {
  const client = new RawMqtt(await openSecure("mqtt", contexts.named));
  expect(await client.connect(hello())).toMatchObject({ returnCode: 0 });
  return client;
}

/** Names the first packet that shows that the attacker was admitted; undefined if no packet shows it. */
function breach(packets: readonly Packet[], before: "connect" | "subscribe"): string | undefined {
  for (const packet of packets) {
    if (before === "connect" && packet.cmd === "connack" && packet.returnCode === 0) return "CONNACK 0";
    if (packet.cmd === "publish" && !/^\$dps\/registrations\/res\/[45]\d\d\//.test(packet.topic)) return packet.topic;
  }
  return undefined;
}

/** Runs an attack. Returns its success in words; undefined when it failed. */
async function run(attack: Attack): Promise<string | undefined> {
  switch (attack.kind) {
    case "tcp":
      return (await spill(await openTcp(service.mqtt), attack.bytes)).includes("$dps")
        ? "a reply without TLS"
        : undefined;
    case "tls": {
      const text = await spill(await openSecure("mqtt", contexts.bare), attack.bytes);
      return text.includes("\x20\x02\x00\x00") || text.includes("$dps") ? JSON.stringify(text) : undefined;
    }
    case "connect": {
      const client = new RawMqtt(await openSecure("mqtt", contexts.bare));
      const { clientId, userName: username, password } = attack;
      const packets = await converse(client, () => {
        const login = { ...hello(), clientId, username, ...(password !== null && { password: Buffer.from(password) }) };
        client.send({ cmd: "connect", ...login });
      });
      return breach(packets, "connect");
    }
    case "frame": {
      const client =
        attack.base === "connect" ? new RawMqtt(await openSecure("mqtt", contexts.bare)) : await admitted();
      return breach(await trail(client, bentFrame(attack)), attack.base === "connect" ? "connect" : "subscribe");
    }
    case "publish": {
      const client = await admitted();
      await client.subscribe();
      return breach(
        await converse(client, () => void client.publish(attack.topic, Buffer.from(attack.body), attack.qos)),
        "subscribe",
      );
    }
    case "subscribe": {
      const client = await admitted();
      const { filter, qos } = attack;
      const packets = await converse(client, () =>
        client.send({ cmd: "subscribe", messageId: 9, subscriptions: [{ topic: filter, qos }] }),
      );
      const granted = packets.some((packet) => packet.cmd === "suback" && packet.granted[0] !== 128);
      return granted && filter !== topics.replies ? `subscribed to ${filter}` : breach(packets, "subscribe");
    }
    case "http":
      return await overHttp(attack);
    case "httpBytes": {
      const text = await spill(await openSecure("https", contexts.named), attack.bytes);
      return /^HTTP\/1\.1 2/.test(text) ? text : undefined;
    }
  }
}

async function overHttp({
  method,
  path,
  authorization,
  body,
}: Extract<Attack, { kind: "http" }>): Promise<string | undefined> {
  const opening = { ...service.https, secureContext: contexts.named };
  const headers = { ...(authorization !== null && { authorization }) };
  const answer = await callHttps(opening, { method, path, headers, body: Buffer.from(body) }).catch(
    (error: Error) => error,
  );
  // A connection reset is a valid answer to a malformed request.
  if (answer instanceof Error) return undefined;
  return answer.status < 300 || answer.status >= 500 ? `${answer.status} ${answer.text}` : undefined;
}

describe(`${count} inputs of an attacker`, () => {
  it("are not admitted, do not stop the process, and leave nothing open", {
    timeout: long ? 1_200_000 : 120_000,
  }, async () => {
    const batch = fc.array(attacks(target), { minLength: BATCH, maxLength: BATCH, size: "max" });
    const property = fc.asyncProperty(batch, async (each) => {
      const outcomes = await Promise.all(each.map(run));
      expect(outcomes.filter((outcome) => outcome !== undefined)).toEqual([]);
    });
    await fc.assert(property, { seed, numRuns: count / BATCH, endOnFailure: !long });

    expect(await service.rollcall.store.registration(registrationId)).toBeUndefined();
    expect(await service.rollcall.store.deviceIdentity(service.hub, registrationId)).toBeUndefined();
    await using device = await subscribed(service, { registrationId, key });
    expect(await device.registration()).toMatchObject({ status: 200, body: { status: "assigned" } });
    await device.end();
    await service.untilEmpty();
    expect(service.rollcall.stats().attempts).toBeLessThanOrEqual(10_000);
  });
});
