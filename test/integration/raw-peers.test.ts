import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { type Identity, issueIntermediate, issueLeaf, issueRoot, toPem } from "@rollcall/pki";
import { type AttemptRecord, topics } from "@rollcall/protocol";
import mqttPacket from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPki, x509Group } from "./certificates.js";
import { deviceToken, hubToken, tokenStyles } from "./device-tokens.js";
import { startService, type TestService, userName } from "./service.js";
import { openTls } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";
import { until } from "./until.js";

/** Clients of third parties: mosquitto's tools and `openssl s_client`. */

const run = promisify(execFile);
const key = Buffer.alloc(32, 13).toString("base64");
const pki = await createPki("Raw");
/** A second level, for chains whose order can be wrong. */
const lower = await issueIntermediate({ commonName: "Raw Lower CA", parent: pki.intermediate });
const unrelated = await issueRoot({ commonName: "Nobody's CA" });
let service: TestService;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-raw-peers-"));
  service = await startService({
    seed: { enrollments: [symmetricIndividual("raw-key", key)], enrollmentGroups: [x509Group("raw", pki.root)] },
  });
});

afterAll(async () => {
  await service.rollcall.stop();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

const isInstalled = (program: string, ...args: string[]) => spawnSync(program, args).error === undefined;
const hasMosquitto = isInstalled("mosquitto_sub", "--help") && isInstalled("mosquitto_pub", "--help");
const hasOpenssl = isInstalled("openssl", "version");

/** Login options of mosquitto's tools for this device. */
async function mosquittoLogin(registrationId: string, identity?: Identity): Promise<string[]> {
  const { host, port } = service.mqtt;
  const where = ["-h", host, "-p", String(port), "--cafile", service.caPath, "-V", "mqttv311", "-q", "1"];
  const who = ["-i", registrationId, "-u", userName(service.idScope, registrationId)];
  if (!identity) {
    const token = deviceToken({ idScope: service.idScope, registrationId, key, style: tokenStyles.C });
    return [...where, ...who, "-P", token];
  }
  const chain = await file(`${registrationId}.chain.pem`, identity.chainPem);
  const secret = await file(`${registrationId}.key.pem`, identity.privateKeyPem);
  return [...where, ...who, "--cert", chain, "--key", secret];
}

const hubUser = (deviceId: string) => `${service.hub}/${deviceId}/?api-version=2021-04-12`;

interface RawDevice {
  readonly name: string;
  readonly registrationId: string;
  readonly identity?: () => Promise<Identity>;
}

const devices: readonly RawDevice[] = [
  { name: "a symmetric key", registrationId: "raw-key" },
  { name: "a chain of leaf and intermediate", registrationId: "raw-chain", identity: () => pki.leaf("raw-chain") },
];

/**
 * `mosquitto_sub` subscribes and `mosquitto_pub` publishes on separate connections, but the service answers on the
 * connection of the request. This plain listener joins both on one TLS connection: it forwards all packets of the
 * subscriber, those of the publisher except CONNECT and DISCONNECT, and sends the service's packets to the subscriber.
 */
async function joinOnOneConnection(upstream: Duplex): Promise<{ port: number; close(): Promise<void> }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const isSubscriber = sockets.push(socket) === 1;
    socket.on("error", () => undefined);
    if (isSubscriber) {
      socket.pipe(upstream, { end: false });
      upstream.pipe(socket);
      return;
    }
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on("packet", (packet) => {
      if (packet.cmd === "connect") socket.write(Buffer.of(0x20, 2, 0, 0));
      if (packet.cmd !== "publish") return;
      upstream.write(mqttPacket.generate(packet));
      // The subscriber gets the real one, of which it knows nothing.
      if (packet.messageId !== undefined)
        socket.write(mqttPacket.generate({ cmd: "puback", messageId: packet.messageId }));
    });
    socket.on("data", (chunk: Buffer) => parser.parse(chunk));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Output of a running `mosquitto_sub`: one line with topic and body per message. */
interface Listener {
  heard(): string;
  stop(): Promise<void>;
}

function listen(args: readonly string[]): Listener {
  const listener = spawn("mosquitto_sub", [...args, "-t", topics.replies, "-F", "%t %p"]);
  const ended = new Promise((resolve) => listener.once("close", resolve));
  let heard = "";
  listener.stdout.on("data", (chunk: Buffer) => {
    heard += chunk.toString();
  });
  return {
    heard: () => heard,
    async stop() {
      listener.kill();
      await ended;
    },
  };
}

const hasStep = (attempt: AttemptRecord | undefined, name: string) => attempt?.steps.some((step) => step.name === name);

describe("mosquitto's clients", () => {
  for (const { name, registrationId, identity } of devices) {
    it(`do a whole registration with ${name}: subscribe, register, read the operationId, poll`, async (context) => {
      if (!hasMosquitto) return context.skip("mosquitto-clients is not installed");
      const presented = await identity?.();
      const upstream = await openTls({ ...service.mqtt, presented });
      const joined = await joinOnOneConnection(upstream);
      const token = deviceToken({ idScope: service.idScope, registrationId, key, style: tokenStyles.C });
      const where = ["-h", "127.0.0.1", "-p", String(joined.port), "-V", "mqttv311", "-q", "1", "-i", registrationId];
      const login = ["-u", userName(service.idScope, registrationId), ...(presented ? [] : ["-P", token])];
      const listener = listen([...where, ...login]);
      try {
        await until(
          () => service.attempt(registrationId),
          (attempt) => hasStep(attempt, "subscribe") === true,
        );
        await run("mosquitto_pub", [
          ...where,
          "-t",
          `${topics.register}?$rid=m1`,
          "-m",
          JSON.stringify({ registrationId }),
        ]);
        const accepted = await until(listener.heard, (text) => text.includes("\n"));
        expect(accepted).toMatch(/^\$dps\/registrations\/res\/202\/\?\$rid=m1&retry-after=1 /);
        const operationId = /"operationId":"([^"]+)"/.exec(accepted)?.[1];
        await run("mosquitto_pub", [
          ...where,
          "-t",
          `${topics.operationStatus}?$rid=m2&operationId=${operationId}`,
          "-m",
          " ",
        ]);
        const done = (await until(listener.heard, (text) => text.split("\n").length > 2)).split("\n")[1] ?? "";
        expect(done).toContain(`${topics.reply}200/?$rid=m2 `);
        const registrationState = {
          registrationId,
          deviceId: registrationId,
          assignedHub: service.hub,
          status: "assigned",
        };
        expect(JSON.parse(done.slice(done.indexOf("{")))).toMatchObject({
          operationId,
          status: "assigned",
          registrationState,
        });
      } finally {
        await listener.stop();
        await joined.close();
        upstream.destroy();
      }
    });

    it(`are accepted with ${name} over their own TLS, at the service and at the hub`, async (context) => {
      if (!hasMosquitto) return context.skip("mosquitto-clients is not installed");
      const login = await mosquittoLogin(registrationId, await identity?.());
      await run("mosquitto_pub", [...login, "-t", `${topics.register}?$rid=m1`, "-m", "{}"]);
      const accepted = await until(
        () => service.attempt(registrationId),
        (attempt) => attempt?.outcome === "accepted",
      );
      const poll = `${topics.operationStatus}?$rid=m2&operationId=${accepted?.operationId}`;
      await run("mosquitto_pub", [...login, "-t", poll, "-m", " "]);
      await until(
        () => service.attempt(registrationId),
        (attempt) => attempt?.outcome === "assigned",
      );

      const counted = service.rollcall.hub.telemetryCount;
      const atHub = login.map((each) =>
        each === userName(service.idScope, registrationId) ? hubUser(registrationId) : each,
      );
      const password = atHub.indexOf("-P") + 1;
      if (password > 0) atHub[password] = hubToken(service.hub, registrationId, key);
      await run("mosquitto_pub", [...atHub, "-t", `devices/${registrationId}/messages/events/`, "-m", "21.5"]);
      await until(
        () => service.rollcall.hub.telemetryCount,
        (count) => count === counted + 1,
      );
    });
  }

  it("get no reply to a request of another connection, even of the same device", async (context) => {
    if (!hasMosquitto) return context.skip("mosquitto-clients is not installed");
    const login = await mosquittoLogin("raw-key");
    const listener = listen(login);
    try {
      await until(
        () => service.attempt("raw-key"),
        (attempt) => hasStep(attempt, "subscribe") === true,
      );
      await run("mosquitto_pub", [...login, "-t", `${topics.register}?$rid=elsewhere`, "-m", "{}"]);
      await until(
        () => service.attempt("raw-key"),
        (attempt) => attempt?.outcome === "accepted",
      );
      expect(listener.heard()).toBe("");
    } finally {
      await listener.stop();
    }
  });
});

describe("openssl s_client, with an MQTT conversation piped in", () => {
  const leafOf = (commonName: string, parent: Identity = pki.intermediate) => issueLeaf({ commonName, parent });
  const pem = (...identities: readonly Identity[]) =>
    identities.map(({ certificate }) => toPem(certificate.der)).join("");
  const rows: readonly {
    registrationId: string;
    name: string;
    leaf: (id: string) => Promise<Identity>;
    above: string;
    status: number;
    codes: readonly string[];
  }[] = [
    {
      registrationId: "raw-good",
      name: "leaf and intermediate",
      leaf: leafOf,
      above: pem(pki.intermediate),
      status: 202,
      codes: [],
    },
    {
      registrationId: "raw-leaf-only",
      name: "the leaf alone",
      leaf: leafOf,
      above: "",
      status: 401,
      codes: ["chain.issuerMissing", "enrollment.notFound"],
    },
    {
      registrationId: "raw-unrelated",
      name: "leaf, unrelated, intermediate",
      leaf: leafOf,
      above: pem(unrelated, pki.intermediate),
      status: 202,
      codes: ["chain.unused"],
    },
    {
      registrationId: "raw-wrong-one",
      name: "leaf and an unrelated certificate in place of the intermediate",
      leaf: leafOf,
      above: pem(unrelated),
      status: 401,
      codes: ["chain.issuerMissing", "enrollment.notFound", "chain.unused"],
    },
    {
      registrationId: "raw-reordered",
      name: "the two intermediates in the wrong order",
      leaf: (id) => leafOf(id, lower),
      above: pem(pki.intermediate, lower),
      status: 202,
      codes: ["chain.reordered"],
    },
    {
      registrationId: "raw-gap",
      name: "the upper intermediate without the lower one",
      leaf: (id) => leafOf(id, lower),
      above: pem(pki.intermediate),
      status: 401,
      codes: ["chain.issuerMissing", "enrollment.notFound", "chain.unused"],
    },
    {
      registrationId: "raw-with-root",
      name: "leaf, intermediate and root",
      leaf: leafOf,
      above: pem(pki.intermediate, pki.root),
      status: 202,
      codes: [],
    },
    {
      registrationId: "raw-root-first",
      name: "root before intermediate",
      leaf: leafOf,
      above: pem(pki.root, pki.intermediate),
      status: 202,
      codes: ["chain.reordered"],
    },
  ];

  /** Sends CONNECT, SUBSCRIBE and PUBLISH at once; returns the bytes received up to the reply. */
  async function talk(registrationId: string, leaf: Identity, above: string): Promise<string> {
    const { host, port } = service.mqtt;
    const files = {
      leaf: await file(`${registrationId}.pem`, leaf.certificatePem),
      key: await file(`${registrationId}.key`, leaf.privateKeyPem),
      above: await file(`${registrationId}.above.pem`, above),
    };
    const chain = above === "" ? [] : ["-cert_chain", files.above];
    const peer = spawn("openssl", [
      ...["s_client", "-quiet", "-connect", `${host}:${port}`, "-CAfile", service.caPath],
      ...["-cert", files.leaf, "-key", files.key, ...chain],
    ]);
    const ended = new Promise((resolve) => peer.once("close", resolve));
    try {
      return await new Promise<string>((resolve, reject) => {
        let heard = "";
        let complaints = "";
        peer.stderr.on("data", (chunk: Buffer) => {
          complaints += chunk.toString();
        });
        peer.stdout.on("data", (chunk: Buffer) => {
          heard += chunk.toString("latin1");
          if (/\/res\/\d+\/.*\}$/s.test(heard)) resolve(heard);
        });
        peer.once("error", reject);
        peer.once("close", () => reject(new Error(`s_client ended: ${heard} ${complaints}`)));
        peer.stdin.write(script(registrationId));
      });
    } finally {
      peer.kill();
      await ended;
    }
  }

  function script(registrationId: string): Buffer {
    const username = userName(service.idScope, registrationId);
    const hello = {
      protocolId: "MQTT",
      protocolVersion: 4,
      clientId: registrationId,
      clean: true,
      keepalive: 0,
    } as const;
    const topic = `${topics.register}?$rid=1`;
    return Buffer.concat([
      mqttPacket.generate({ cmd: "connect", ...hello, username }),
      mqttPacket.generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: topics.replies, qos: 1 }] }),
      mqttPacket.generate({ cmd: "publish", messageId: 2, topic, payload: "", qos: 1, dup: false, retain: false }),
    ]);
  }

  for (const { registrationId, name, leaf, above, status, codes } of rows) {
    it(`presents ${name}: ${status} ${codes[0] ?? "without findings"}`, async (context) => {
      if (!hasOpenssl) return context.skip("openssl is not installed");
      const heard = await talk(registrationId, await leaf(registrationId), above);
      expect(heard).toContain(`${topics.reply}${status}/?$rid=1`);
      const attempt = await service.attempt(registrationId);
      expect(attempt?.findings.map((each) => each.code)).toEqual(codes);
    });
  }
});
