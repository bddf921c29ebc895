import { type AddressInfo, connect as connectTo, createServer, type Socket } from "node:net";
import type { DeviceChange } from "@rollcall/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DurableStore } from "../sql/sql-store.js";
import { assignmentOf } from "../testing/crash-records.js";
import { connectClient, type PostgresServer, postgresPrograms, startPostgres } from "../testing/postgres-server.js";
import { ChangeFeed } from "./change-feed.js";
import { openPostgresStore } from "./postgres-store.js";

const programs = postgresPrograms();
const hub = "hub.example";
/** Polls for a value that arrives asynchronously. How long that takes is not tested. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

/** A proxy to the server. Once frozen, its open connections move no bytes and do not end; new connections work. */
async function freezingProxy(to: URL) {
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connectTo(Number(to.port), to.hostname);
    for (const socket of [near, far]) sockets.add(socket.on("error", () => undefined));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: Object.assign(new URL(to), { hostname: "127.0.0.1", port: String(port) }).href,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

it("a feed that cannot connect reports that once, keeps trying, and can be closed meanwhile", async () => {
  let attempts = 0;
  const makeClient = () => Promise.reject(new Error(`attempt ${++attempts}`));
  const feed = new ChangeFeed({ makeClient, idScope: "0ne", node: "n", heartbeatMilliseconds: 1000 });
  const heard: DeviceChange[] = [];
  feed.watch((change) => void heard.push(change));
  await soon(() => attempts).toBeGreaterThan(2);
  await feed.close();
  expect(heard).toEqual([{ kind: "unheard" }]);
});

describe.skipIf(programs === undefined)("processes that share a database (needs postgresql)", () => {
  let server: PostgresServer;
  let scopes = 0;
  const opened: DurableStore[] = [];

  /** Opens a store and waits until it listens. `heard` collects the changes that other processes report. */
  async function listener(idScope: string, options: { url?: string; heartbeatMilliseconds?: number } = {}) {
    const store = await openPostgresStore({ url: server.url, ...options, idScope });
    opened.push(store);
    const heard: DeviceChange[] = [];
    store.watch?.((change) => void heard.push(change));
    // On a busy machine the first attempt to connect may time out.
    await soon(() => heard.at(-1)).toEqual({ kind: "missed" });
    heard.splice(0, heard.length - 1);
    return { store, heard };
  }

  beforeAll(async () => {
    server = await startPostgres(programs!);
  });
  afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));
  afterAll(() => server.stop());

  const taken = (deviceId: string) => ({ kind: "taken", hub, deviceId });

  it("hear of the other processes' changes that concern their devices, and of nothing else", async () => {
    const idScope = `0ne${scopes++}`;
    const [one, other, stranger] = [await listener(idScope), await listener(idScope), await listener(`0ne${scopes++}`)];
    const { store } = one;
    for (const id of ["a", "b", "c", "d"]) expect(await store.saveAssignment(assignmentOf(id, 1))).toBe(true);
    const twin = (await store.twin(hub, "a"))!;
    expect(await store.updateTwin({ ...twin, etag: "t2" }, "t1", "reported")).toBe(true);
    expect(await store.updateTwin({ ...twin, etag: "t3" }, "t2", "desired")).toBe(true);
    expect(await store.updateTwin({ ...twin, etag: "t4" }, "t2", "desired")).toBe(false);
    expect(await store.removeDevice(hub, "b")).toBe(true);
    expect(await store.removeDevice(hub, "b")).toBe(false);
    // The first save is rolled back. The second moves c to the place of d.
    const { identity, twin: _, ...rest } = assignmentOf("c", 2);
    const moves = { ...rest, removed: { hub, deviceId: "c" }, identity: { ...identity!, deviceId: "d" } };
    expect(await store.saveAssignment(moves)).toBe(false);
    expect(await store.saveAssignment({ ...moves, replaces: "d" })).toBe(true);
    // The second save of e renews its certificate; the third changes nothing that stands.
    const [first, renewal, same] = [1, 2, 3].map((version) => assignmentOf("e", version));
    expect(await store.saveAssignment(first!)).toBe(true);
    expect(await store.saveAssignment({ ...renewal!, renews: true })).toBe(true);
    expect(await store.saveAssignment(same!)).toBe(true);
    await store.restore({ twins: [twin] });
    const expected = [
      { kind: "desired", hub, deviceId: "a" },
      taken("b"),
      taken("c"),
      taken("d"),
      taken("e"),
      { kind: "missed" },
    ];
    await soon(() => other.heard.slice(1)).toEqual(expected);
    // This is the first message that `one` gets: nothing was sent to it before.
    await other.store.removeDevice(hub, "a");
    await soon(() => one.heard.slice(1)).toEqual([taken("a")]);
    expect(stranger.heard).toEqual([{ kind: "missed" }]);
  });

  it("ignore malformed messages on the channel", async () => {
    const idScope = `0ne${scopes++}`;
    const { heard } = await listener(idScope);
    const client = await connectClient(server.url);
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      JSON.stringify({ node: "n", scope: idScope, kind: "taken", hub, deviceId: "x" }),
    ])
      await client.query("select pg_notify('rollcall_changes', $1)", [text]);
    await client.end();
    await soon(() => heard.slice(1)).toEqual([taken("x")]);
  });

  it("notice a dead connection that was never closed, and report that changes may have been missed", async () => {
    await using way = await freezingProxy(new URL(server.url));
    const idScope = `0ne${scopes++}`;
    const { heard } = await listener(idScope, { url: way.url, heartbeatMilliseconds: 500 });
    way.freeze();
    await soon(() => heard.map((each) => each.kind).join()).toMatch(/unheard,missed$/);
    const other = await listener(idScope);
    // On a busy machine another heartbeat may fail, and a message may be lost with it.
    let n = 0;
    const nextHeard = async () => {
      await other.store.saveAssignment(assignmentOf(`n${n}`, 1));
      await other.store.removeDevice(hub, `n${n++}`);
      return heard.some(({ kind }) => kind === "taken");
    };
    await soon(nextHeard).toBe(true);
    const store = opened.shift();
    await store?.close();
  });
});
