import { createRequire } from "node:module";
import { type AddressInfo, connect as netConnect } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { issueRoot, issueServerCertificate } from "@rollcall/pki";
import { topics } from "@rollcall/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, hubUser, listen, openBench, peerOf, provisioningUser, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

/** The part of mqtt.js that is used here. */
interface MqttClient {
  on(event: string, listener: (...values: readonly unknown[]) => void): this;
  subscribe(topic: string, options: { qos: 0 | 1 }, done: (error?: Error | null) => void): void;
  publish(topic: string, payload: string, options: { qos: 0 | 1 }): void;
  end(force: boolean, options: object, done: () => void): void;
}
interface MqttJs {
  connect(url: string, options: object): MqttClient;
}

// mqtt 5 is a dependency of the simulator; the root has version 4, as a dependency of the Azure SDKs.
const mqttJs = createRequire(new URL("../../simulator/package.json", import.meta.url))("mqtt") as MqttJs;

let bench: Bench;
let server: Server;
let port: number;

beforeAll(async () => {
  bench = await openBench();
  const root = await issueRoot({ commonName: "test root" });
  const own = await issueServerCertificate({
    commonName: "localhost",
    parent: root,
    hosts: ["localhost", "127.0.0.1"],
  });
  server = createServer({ key: own.privateKeyPem, cert: own.certificatePem, noDelay: true }, (socket) =>
    bench.broker.handleConnection(socket, peerOf(socket)),
  );
  await listen(server);
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await untilEmpty(bench.broker);
  await new Promise((resolve) => server.close(resolve));
  await bench.close();
});

/** One registration with mqtt.js; returns every error it reported. */
function registerOnce(id: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const errors: string[] = [];
    const client = mqttJs.connect(`mqtts://127.0.0.1:${port}`, {
      ...provisioningUser(id),
      rejectUnauthorized: false,
      reconnectPeriod: 0,
      protocolVersion: 4,
    });
    client.on("error", (error) => void errors.push(String(error)));
    client.on("connect", () => {
      client.subscribe(topics.replies, { qos: 1 }, () => client.publish(`${topics.register}?$rid=1`, "{}", { qos: 1 }));
    });
    client.on("message", () => client.end(false, {}, () => undefined));
    client.on("close", () => resolve(errors));
  });
}

test("300 registrations of mqtt.js over TLS end without an error", async () => {
  const errors: string[] = [];
  for (let round = 0; round < 30; round++) {
    const ids = Array.from({ length: 10 }, (_, index) => `device-${round}-${index}`);
    errors.push(...(await Promise.all(ids.map(registerOnce))).flat());
  }
  expect(errors).toEqual([]);
  expect(bench.engine.asked.filter((each) => each.startsWith("register"))).toHaveLength(300);
}, 120_000);

test.each([
  { what: "a refused CONNECT", user: { clientId: "x", username: "nonsense" }, returnCode: 4 },
  { what: "a refused hub", user: { ...hubUser("nobody") }, returnCode: 5 },
])("$what over TLS: the CONNACK arrives, then a clean end", async ({ user, returnCode }) => {
  for (let round = 0; round < 20; round++) {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const faults: string[] = [];
    socket.on("error", (error) => void faults.push(String(error)));
    const ended = new Promise((resolve) =>
      socket.once("end", () => resolve("end")).once("close", () => resolve("close")),
    );
    const client = new RawClient(socket);
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    expect(await client.connect(user)).toBe(returnCode);
    // Written into the closing connection: a reset would follow if the server did not read it.
    client.send({ cmd: "pingreq" });
    expect(await ended).toBe("end");
    expect(faults).toEqual([]);
  }
});

test.each(["reset", "destroy"] as const)("a TLS client that disconnects by %s leaves nothing behind", async (way) => {
  const raw = netConnect({ port, host: "127.0.0.1" });
  const socket: TLSSocket = connect({ socket: raw, rejectUnauthorized: false });
  const client = new RawClient(socket);
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  await client.connect(provisioningUser("pump-1"));
  if (way === "reset") raw.resetAndDestroy();
  else socket.destroy();
  await untilEmpty(bench.broker);
  expect(bench.attempts.find("pump-1")).toMatchObject({ outcome: "abandoned" });
});
