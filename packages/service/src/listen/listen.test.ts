import { connect, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { closeServer, ListenError, type Listening, type ListenPlan, listen, listenAddresses } from "./listen.js";

let open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.map(closeServer));
  open = [];
});

async function start(plan: Partial<ListenPlan>): Promise<Listening> {
  const listening = await listen({
    purpose: "MQTT",
    flag: "--mqtt-port",
    port: 0,
    addresses: listenAddresses("127.0.0.1"),
    create: () => createServer((socket) => socket.end("hello")),
    ...plan,
  });
  open.push(...listening.servers);
  return listening;
}

function greet(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    socket.on("data", (data) => resolve(data.toString()));
    socket.on("error", reject);
  });
}

describe("the addresses of a host setting", () => {
  it.each([
    ["127.0.0.1", [], ["127.0.0.1", "::1?"]],
    ["127.0.0.51", ["127.0.0.51"], ["127.0.0.51"]],
    ["localhost", [], ["127.0.0.1", "::1?"]],
    ["::1", [], ["::1", "127.0.0.1?"]],
    ["127.0.0.1", ["127.0.0.1", "127.0.0.2", "hub.test", "127.0.0.3"], ["127.0.0.1", "::1?", "127.0.0.2", "127.0.0.3"]],
    ["0.0.0.0", ["127.0.0.2"], ["0.0.0.0"]],
    ["192.0.2.7", ["127.0.0.2"], ["192.0.2.7", "127.0.0.2"]],
    ["192.0.2.7", [], ["192.0.2.7"]],
  ])("%s with hubs %j", (host, hubs, expected) => {
    const addresses = listenAddresses(host, hubs).map((each) => each.host + (each.optional ? "?" : ""));
    expect(addresses).toEqual(expected);
  });
});

it("serves all addresses with one number", async () => {
  const { port, servers } = await start({ addresses: listenAddresses("127.0.0.1", ["127.0.0.2"]) });
  expect(servers.map((server) => (server.address() as { port: number }).port)).toEqual(servers.map(() => port));
  for (const server of servers) {
    const { address } = server.address() as { address: string };
    expect(await greet(address, port)).toBe("hello");
  }
});

it("tries another number when the second address has it taken", async () => {
  const made: Server[] = [];
  const { port } = await start({
    addresses: [
      { host: "127.0.0.1", optional: false },
      { host: "127.0.0.2", optional: false },
    ],
    create: () => {
      const server = createServer();
      made.push(server);
      // Takes the number on the second address as soon as the first address has it.
      if (made.length === 1) {
        server.prependOnceListener("listening", () => {
          const { port: taken } = server.address() as { port: number };
          const thief = createServer().listen({ host: "127.0.0.2", port: taken, backlog: 1 });
          open.push(thief);
        });
      }
      return server;
    },
  });
  expect(made.map(({ listening }) => listening)).toEqual([false, false, true, true]);
  expect(made.slice(2).map((server) => (server.address() as { port: number }).port)).toEqual([port, port]);
});

describe("a port that is not available", () => {
  it("is named with its purpose and its flag", async () => {
    const { port } = await start({});
    const error = await start({ port }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({
      code: "EADDRINUSE",
      port,
      message: `MQTT cannot listen on 127.0.0.1:${port}: the port is taken. Stop what listens there, or choose another port with --mqtt-port.`,
    });
  });

  it("on the second address leaves the first free", async () => {
    const { port } = await start({ addresses: [{ host: "127.0.0.2", optional: false }] });
    await expect(start({ port, addresses: listenAddresses("127.0.0.1", ["127.0.0.2"]) })).rejects.toThrow(
      `127.0.0.2:${port}`,
    );
    expect((await start({ port })).port).toBe(port);
  });

  it("because its address does not exist is a different error", async () => {
    const elsewhere = [{ host: "192.0.2.1", optional: false }];
    await expect(start({ addresses: elsewhere })).rejects.toThrow("this machine has no address 192.0.2.1");
    const { servers } = await start({
      addresses: [...listenAddresses("127.0.0.1"), { host: "192.0.2.1", optional: true }],
    });
    expect(servers.length).toBeGreaterThan(0);
  });
});
