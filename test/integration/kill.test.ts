import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { topics } from "@rollcall/protocol";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceToken, hubToken } from "./device-tokens.js";
import { RawMqtt } from "./raw-mqtt.js";
import { startService, type TestService, userName } from "./service.js";
import { openTcp, openTls, openWebSocket, type Place } from "./sockets.js";
import { subscribed, symmetricIndividual } from "./symmetric.js";
import { until } from "./until.js";

/** A client that dies at each possible step: the service must release everything of it. */

const key = Buffer.alloc(32, 9).toString("base64");
const victim = { registrationId: "victim", key };
const tpm = new TpmClient(createTpm({ seed: "killed" }).send);
const tpmBody = JSON.stringify({
  tpm: {
    endorsementKey: tpm.endorsementKey().toString("base64"),
    storageRootKey: tpm.storageRootKey().toString("base64"),
  },
});
let service: TestService;

beforeAll(async () => {
  const attestation = { type: "tpm" as const, tpm: { endorsementKey: tpm.endorsementKey().toString("base64") } };
  service = await startService({
    seed: { enrollments: [symmetricIndividual("victim", key), { registrationId: "victim-tpm", attestation }] },
  });
});

afterAll(async () => {
  await service.rollcall.stop();
});

/** The bytes of Node's ClientHello. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    const client = connect({ socket });
    client.on("error", () => undefined);
    socket.on("error", () => undefined);
  });
}

/**
 * A client at the step at which it dies: its TCP socket, and the counts of open things that the service must have then.
 */
interface Doomed {
  readonly socket: Socket;
  readonly open?: Partial<Record<"connections" | "sessions" | "challengeSessions", number>>;
}

/** TLS over a TCP socket that the test controls. */
async function tlsOver({ host, port, ca }: Place): Promise<{ socket: Socket; secure: Duplex }> {
  const socket = connectTcp({ host, port, noDelay: true });
  socket.on("error", () => undefined);
  const secure = connect({ socket, ca, host });
  secure.on("error", () => undefined);
  await new Promise((resolve) => secure.once("secureConnect", resolve));
  return { socket, secure };
}

async function mqttOver(place: Place): Promise<{ socket: Socket; client: RawMqtt }> {
  const { socket, secure } = await tlsOver(place);
  return { socket, client: new RawMqtt(secure) };
}

const login = (registrationId = "victim") => ({
  clientId: registrationId,
  username: userName(service.idScope, registrationId),
});
const password = () => deviceToken({ idScope: service.idScope, ...victim });
const connectBytes = () => ({ ...login(), password: password() });

async function connected(): Promise<{ socket: Socket; client: RawMqtt }> {
  const over = await mqttOver(service.mqtt);
  expect(await over.client.connect(connectBytes())).toMatchObject({ returnCode: 0 });
  return over;
}

const steps: Readonly<Record<string, () => Promise<Doomed>>> = {
  "after TCP, MQTT port": async () => ({ socket: await openTcp(service.mqtt), open: { connections: 1 } }),
  "after TCP, HTTPS port": async () => ({ socket: await openTcp(service.https), open: { connections: 1 } }),
  "in the middle of the ClientHello": async () => {
    const socket = await openTcp(service.mqtt);
    const hello = await clientHello();
    socket.write(hello.subarray(0, hello.length / 2));
    return { socket, open: { connections: 1 } };
  },
  "after the ClientHello": async () => {
    const socket = await openTcp(service.mqtt);
    const answered = new Promise((resolve) => socket.once("data", resolve));
    socket.write(await clientHello());
    await answered;
    return { socket, open: { connections: 1 } };
  },
  "after TLS, MQTT port": async () => ({ ...(await tlsOver(service.mqtt)), open: { connections: 1 } }),
  "after TLS, HTTPS port": async () => ({ ...(await tlsOver(service.https)), open: { connections: 1 } }),
  "in the middle of CONNECT": async () => {
    const { socket, secure } = await tlsOver(service.mqtt);
    secure.write(Buffer.of(0x10, 0x60, 0x00, 0x04, 0x4d, 0x51));
    return { socket, open: { connections: 1 } };
  },
  "with CONNECT on its way": async () => {
    const { socket, client } = await mqttOver(service.mqtt);
    const { clientId, username } = login();
    const packet = { clientId, username, password: Buffer.from(password()), clean: true, keepalive: 60 };
    client.send({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, ...packet });
    return { socket };
  },
  "after CONNACK": async () => ({ ...(await connected()), open: { connections: 1, sessions: 1 } }),
  "after a refusing CONNACK": async () => {
    const { socket, client } = await mqttOver(service.mqtt);
    await client.connect({ ...login(), password: "no token" });
    return { socket };
  },
  "after SUBACK": async () => {
    const { socket, client } = await connected();
    await client.subscribe();
    return { socket, open: { sessions: 1 } };
  },
  "with the register request on its way": async () => {
    const { socket, client } = await connected();
    await client.subscribe();
    client.publish(`${topics.register}?$rid=1`);
    return { socket };
  },
  "in the middle of the register request": async () => {
    const { socket, client } = await connected();
    await client.subscribe();
    client.write(Buffer.of(0x32, 0x7f, 0x00, 0x30, 0x24, 0x64, 0x70, 0x73));
    return { socket, open: { sessions: 1 } };
  },
  "after the reply, without acknowledging it": async () => {
    const { socket, secure } = await tlsOver(service.mqtt);
    const client = new RawMqtt(secure, { acknowledges: false });
    await client.connect(connectBytes());
    await client.subscribe();
    expect(await client.register()).toMatchObject({ status: 202 });
    return { socket, open: { sessions: 1 } };
  },
  "in a challenge session, before it asks": async () => {
    const { socket, client } = await mqttOver(service.mqtt);
    expect(await client.connect(login("victim-tpm"))).toMatchObject({ returnCode: 0 });
    return { socket, open: { challengeSessions: 1 } };
  },
  "in a challenge session, after the challenge": async () => {
    const { socket, client } = await mqttOver(service.mqtt);
    expect(await client.connect(login("victim-tpm"))).toMatchObject({ returnCode: 0 });
    await client.subscribe();
    expect(await client.register(tpmBody)).toMatchObject({ status: 401, body: { keyName: "registration" } });
    return { socket };
  },
  "at the hub": async () => {
    await using provisioning = await subscribed(service, victim);
    expect(await provisioning.registration()).toMatchObject({ status: 200 });
    await provisioning.end();
    const { socket, client } = await mqttOver(service.mqtt);
    const username = `${service.hub}/victim/?api-version=2021-04-12`;
    const connack = await client.connect({
      clientId: "victim",
      username,
      password: hubToken(service.hub, "victim", key),
    });
    expect(connack).toMatchObject({ returnCode: 0 });
    await client.subscribe(topics.twinReplies);
    return { socket, open: { sessions: 1 } };
  },
  "on a WebSocket, after the upgrade": async () => {
    const { socket, secure } = await tlsOver(service.https);
    await openWebSocket({ ...service.https, over: secure });
    return { socket, open: { connections: 1 } };
  },
  "on a WebSocket, after SUBACK": async () => {
    const { socket, secure } = await tlsOver(service.https);
    const { stream } = await openWebSocket({ ...service.https, over: secure });
    const client = new RawMqtt(stream);
    expect(await client.connect(connectBytes())).toMatchObject({ returnCode: 0 });
    await client.subscribe();
    return { socket, open: { sessions: 1 } };
  },
  "in the middle of the upgrade request": async () => {
    const { socket, secure } = await tlsOver(service.https);
    secure.write("GET /$iothub/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso");
    return { socket, open: { connections: 1 } };
  },
  "in the middle of an HTTPS body": async () => {
    const { socket, secure } = await tlsOver(service.https);
    secure.write(
      `PUT /${service.idScope}/registrations/victim/register?api-version=2019-03-31 HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${password()}\r\nContent-Length: 1000\r\n\r\n{"registrationId":`,
    );
    return { socket, open: { connections: 1 } };
  },
  "between two HTTPS requests": async () => {
    const { socket, secure } = await tlsOver(service.https);
    const answered = new Promise((resolve) => secure.once("data", resolve));
    secure.write(
      `PUT /${service.idScope}/registrations/victim/register?api-version=2019-03-31 HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${password()}\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 202 /);
    return { socket, open: { connections: 1 } };
  },
};

const deaths = {
  "its process dies (FIN)": (socket: Socket) => socket.destroy(),
  "its connection is reset (RST)": (socket: Socket) => socket.resetAndDestroy(),
};

for (const [death, kill] of Object.entries(deaths)) {
  describe(`the service releases everything of a client when ${death}`, () => {
    it.each(Object.entries(steps))("%s", async (_name, live) => {
      const { socket, open } = await live();
      if (open)
        await until(
          () => service.rollcall.stats(),
          (stats) => includes(stats, open),
        );
      kill(socket);
      await service.untilEmpty();
    });
  });
}

function includes(stats: object, wanted: object): boolean {
  const read = stats as Readonly<Record<string, number>>;
  return Object.entries(wanted).every(([name, count]) => (read[name] ?? 0) >= count);
}

describe("afterwards", () => {
  it("a device still registers, and is released too", async () => {
    await using client = await subscribed(service, victim);
    expect(await client.registration()).toMatchObject({ status: 200, body: { status: "assigned" } });
    await client.end();
    await service.untilEmpty();
  });

  it("stop() closes all connections at once", async () => {
    const own = await startService({ seed: { enrollments: [symmetricIndividual("victim", key)] } });
    const clients = await Promise.all([
      subscribed(own, victim),
      subscribed(own, victim),
      openTls(own.mqtt).then((socket) => new RawMqtt(socket)),
      openTcp(own.mqtt).then((socket) => new RawMqtt(socket)),
      openTcp(own.https).then((socket) => new RawMqtt(socket)),
      openWebSocket(own.https).then(({ stream }) => new RawMqtt(stream)),
    ]);
    await own.rollcall.stop();
    await Promise.all(clients.map((client) => client.closed));
    await own.untilEmpty();
    await expect(openTcp(own.mqtt)).rejects.toThrow(/ECONNREFUSED/);
  });
});
