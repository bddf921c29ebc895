import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { topics } from "@rollcall/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createWebSocketStream, WebSocket } from "ws";
import { type Bench, listen, openBench, peerOf, provisioningUser, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

let bench: Bench;
let server: Server;
let base: string;

beforeEach(async () => {
  bench = await openBench();
  server = createServer();
  server.on("upgrade", (upgrade, socket, head) =>
    bench.broker.handleUpgrade(upgrade, socket, head, peerOf(socket, "mqtt-ws")),
  );
  await listen(server);
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await untilEmpty(bench.broker);
  await new Promise((resolve) => server.close(resolve));
  await bench.close();
});

async function openSocket(path: string, protocol: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${base}${path}`, protocol);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

/** Sends an upgrade request by hand; returns the status of the answer, and its text. */
function upgrade(path: string, headers: Record<string, string>): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${base}${path}`, {
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ...headers,
      },
    });
    asked.once("error", reject);
    asked.once("upgrade", (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode, text: answer.rawHeaders.join("\n") });
    });
    asked.once("response", (answer) => {
      let text = "";
      answer
        .on("data", (bytes) => (text += String(bytes)))
        .on("end", () => resolve({ status: answer.statusCode, text }));
    });
    asked.end();
  });
}

describe("a WebSocket", () => {
  test.each([
    { path: "/", protocol: "mqtt" },
    { path: "/mqtt", protocol: "mqtt" },
    { path: "/$iothub/websocket", protocol: "MQTT" },
    { path: "/%24iothub/websocket?iothub-no-client-cert=true", protocol: "mqtt" },
    { path: "/MQTT", protocol: "Mqtt" },
  ])("on $path with $protocol registers", async ({ path, protocol }) => {
    const socket = await openSocket(path, protocol);
    expect(socket.protocol).toBe(protocol);
    const client = new RawClient(createWebSocketStream(socket));
    expect(await client.connect(provisioningUser("pump-1"))).toBe(0);
    expect(await client.subscribe(topics.replies)).toEqual([1]);
    client.publish(`${topics.register}?$rid=1`, "");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    expect(await client.next()).toMatchObject({
      cmd: "publish",
      topic: "$dps/registrations/res/202/?$rid=1&retry-after=3",
    });
    expect(bench.attempts.find("pump-1")).toMatchObject({ transport: "mqtt-ws" });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    client.send({ cmd: "disconnect" });
    await closed;
  });

  test("a packet comes in one message", async () => {
    const socket = await openSocket("/", "mqtt");
    const messages: Buffer[] = [];
    socket.on("message", (message) => void messages.push(message as Buffer));
    const client = new RawClient(createWebSocketStream(socket));
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    expect(messages).toHaveLength(2);
    client.kill();
  });

  test("a message above the size limit closes it", async () => {
    const socket = await openSocket("/", "mqtt");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.send(Buffer.alloc(300 * 1024));
    expect(await closed).toBe(1009);
  });

  test("that ends without a close frame leaves nothing behind", async () => {
    const socket = await openSocket("/", "mqtt");
    const client = new RawClient(createWebSocketStream(socket));
    await client.connect(provisioningUser("pump-1"));
    socket.terminate();
    await untilEmpty(bench.broker);
    expect(bench.attempts.find("pump-1")).toMatchObject({ outcome: "abandoned" });
  });
});

describe("an upgrade request", () => {
  test("the answer has a space after every colon, and the client's spelling", async () => {
    const answer = await upgrade("/mqtt", { "Sec-WebSocket-Protocol": "amqp, MQTT" });
    expect(answer).toMatchObject({ status: 101, text: expect.stringContaining("Sec-WebSocket-Protocol\nMQTT") });
  });

  test.each([
    { what: "another path", path: "/other", headers: { "Sec-WebSocket-Protocol": "mqtt" }, status: 404 },
    { what: "a path that cannot be decoded", path: "/%zz", headers: { "Sec-WebSocket-Protocol": "mqtt" }, status: 404 },
    { what: "no subprotocol", path: "/", headers: {}, status: 400 },
    { what: "another subprotocol", path: "/", headers: { "Sec-WebSocket-Protocol": "amqp" }, status: 400 },
    {
      what: "a subprotocol that is not a token",
      path: "/",
      headers: { "Sec-WebSocket-Protocol": "mqtt, ," },
      status: 400,
    },
    { what: "no key", path: "/", headers: { "Sec-WebSocket-Protocol": "mqtt", "Sec-WebSocket-Key": "x" }, status: 400 },
  ])("with $what is answered with $status", async ({ path, headers, status }) => {
    expect(await upgrade(path, headers)).toMatchObject({ status });
  });
});
