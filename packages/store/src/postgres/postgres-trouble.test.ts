import { type AddressInfo, connect as connectTo, createServer } from "node:net";
import { inspect } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openStore } from "../open-store.js";
import { assignmentOf, individualOf } from "../testing/crash-records.js";
import { type PostgresServer, postgresPrograms, startPostgres } from "../testing/postgres-server.js";

const idScope = "0ne00000000";
const open = (
  url: string,
  more: { readonly statementTimeoutMilliseconds?: number; readonly connections?: number } = {},
) => openStore({ kind: "postgres", url, idScope, ...more });
const programs = postgresPrograms();
const password = "hunter2/secret";

/**
 * A proxy to the server. Once armed, it cuts the connection after the server answered the next COMMIT and before the
 * client gets the answer.
 */
async function cutAtCommit(to: URL) {
  let isArmed = false;
  let cuts = 0;
  const proxy = createServer((near) => {
    const far = connectTo(Number(to.port), to.hostname);
    let commits = false;
    near.on("data", (bytes: Buffer) => {
      commits = isArmed && bytes.includes("commit");
      far.write(bytes);
    });
    far.on("data", (bytes: Buffer) => {
      if (!commits) return void near.write(bytes);
      isArmed = false;
      cuts++;
      near.destroy();
    });
    for (const socket of [near, far]) socket.on("error", () => undefined);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: Object.assign(new URL(to), { hostname: "127.0.0.1", port: String(port) }).href,
    get cuts() {
      return cuts;
    },
    arm() {
      isArmed = true;
    },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

describe.skipIf(programs === undefined)("trouble with a real server (needs postgresql)", () => {
  let server: PostgresServer;
  let client: pg.Client;

  const query = (text: string) => client.query(text);
  const connect = async () => {
    client = new pg.Client({ connectionString: server.url });
    client.on("error", () => undefined);
    await client.connect();
  };
  /** The URL with some of it changed. */
  const urlWith = (change: Partial<Pick<URL, "username" | "password" | "pathname">>) =>
    Object.assign(new URL(server.url), change).href;

  beforeAll(async () => {
    server = await startPostgres(programs!);
    await connect();
    await query(`create role guarded login password '${password}'`);
    await query("create database guarded_data owner rollcall");
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  const refused: readonly (readonly [string, Partial<URL>, string, string])[] = [
    ["a wrong password", { username: "guarded", password: "hunter2%2Fwrong" }, "loginRefused", "check both in the URL"],
    ["a password that is missing", { username: "guarded", password: "" }, "loginRefused", "check both in the URL"],
    [
      "a user that does not exist",
      { username: "nobody", password: "hunter2" },
      "loginRefused",
      "check both in the URL",
    ],
    ["a database that does not exist", { pathname: "/nowhere", password: "hunter2" }, "databaseMissing", "createdb"],
    [
      "a user that may not make tables",
      { username: "guarded", password: encodeURIComponent(password), pathname: "/guarded_data" },
      "notPermitted",
      "grant the user CREATE",
    ],
  ];
  it.each(refused)(
    "%s is reported as such, with advice and without the password",
    async (_title, change, kind, next) => {
      const error = await open(urlWith(change)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "StoreError", kind, next: expect.stringContaining(next) });
      expect(String(error)).toContain(new URL(server.url).host);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
    },
  );

  it("opens with the correct password, percent-encoded", async () => {
    await query("grant create, usage on schema public to guarded");
    const store = await open(urlWith({ username: "guarded", password: encodeURIComponent(password) }));
    expect(await store.putIndividual(individualOf("d"))).toBe(true);
    await store.close();
    await query("drop owned by guarded");
  });

  it("leaves data of a newer version as it is", async () => {
    await query("drop schema public cascade; create schema public");
    await (await open(server.url)).close();
    await query("update rollcall_schema set version = 99");
    await expect(open(server.url)).rejects.toMatchObject({ kind: "newerSchema" });
    expect((await query("select version from rollcall_schema")).rows).toEqual([{ version: 99 }]);
    await query("drop schema public cascade; create schema public");
  });

  it("works again by itself after all its connections were cut, idle or busy", async () => {
    const store = await open(server.url);
    const devices = Array.from({ length: 200 }, (_, n) => `cut-${n}`);
    const cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rollcall'";
    const writing = Promise.allSettled(devices.map((device) => store.saveAssignment(assignmentOf(device, 1))));
    for (let round = 0; round < 3; round++) await query(cut);
    const outcomes = await writing;
    await query(cut);
    // A refused write may have taken effect. The second attempt succeeds only if it did not.
    for (const [n, outcome] of outcomes.entries()) {
      const device = devices[n] ?? "";
      const stored = (await store.registration(device)) !== undefined;
      if (outcome.status === "fulfilled") expect(stored).toBe(true);
      else expect(outcome.reason).toMatchObject({ kind: "unreachable" });
      expect(await store.saveAssignment(assignmentOf(device, 1))).toBe(!stored);
    }
    await store.close();
  });

  it("finds out that a write was committed when only the reply was lost", async () => {
    await using cable = await cutAtCommit(new URL(server.url));
    const store = await open(cable.url);
    cable.arm();
    expect(await store.saveAssignment(assignmentOf("answered-late", 1))).toBe(true);
    cable.arm();
    expect(await store.putIndividual(individualOf("answered-late"), "absent")).toBe(true);
    expect(await store.putIndividual(individualOf("answered-late"), "absent")).toBe(false);
    expect(cable.cuts).toBe(2);
    await store.close();
  });

  it("works again by itself after the server was killed and restarted", async () => {
    const store = await open(server.url);
    await store.saveAssignment(assignmentOf("before", 1));
    const writing = Array.from({ length: 20 }, (_, n) => store.saveAssignment(assignmentOf(`during-${n}`, 1)));
    const [outcomes] = await Promise.all([Promise.allSettled(writing), server.restart()]);
    await connect();
    expect((await store.registration("before"))?.etag).toBe("r1");
    for (const [n, { status }] of outcomes.entries()) {
      if (status === "fulfilled") expect(await store.registration(`during-${n}`)).toBeDefined();
    }
    expect(await store.saveAssignment(assignmentOf("after", 1))).toBe(true);
    await store.close();
  });

  it("does not wait forever for another session's lock", async () => {
    const store = await open(server.url, { statementTimeoutMilliseconds: 300 });
    await query("begin; lock table registrations");
    const waiting = store.saveAssignment(assignmentOf("waits", 1));
    await expect(waiting).rejects.toMatchObject({ kind: "tooSlow" });
    await query("rollback");
    expect(await store.registration("waits")).toBeUndefined();
    expect(await store.saveAssignment(assignmentOf("waits", 1))).toBe(true);
    await store.close();
  });

  it("discards a connection that does not answer, so that nobody gets it inside a transaction", async () => {
    const store = await open(server.url, { statementTimeoutMilliseconds: 300, connections: 1 });
    await query("begin; lock table registrations");
    const waiting = store.saveAssignment(assignmentOf("stalled", 1)).catch((error: unknown) => error);
    const waits = "select pid from pg_stat_activity where application_name = 'rollcall' and wait_event_type = 'Lock'";
    const pid = await vi.waitFor(async () => Number((await query(waits)).rows[0].pid), { timeout: 20_000 });
    // The stopped server process cannot apply its own statement timeout.
    process.kill(pid, "SIGSTOP");
    const outcome = await waiting;
    process.kill(pid, "SIGCONT");
    await query("rollback");
    expect(outcome).toMatchObject({ kind: "tooSlow" });
    expect(await store.saveAssignment(assignmentOf("next", 1))).toBe(true);
    expect(await store.registration("stalled")).toBeUndefined();
    await store.close();
  });

  it("retries transactions that conflict", async () => {
    const nodes = await Promise.all([open(server.url), open(server.url), open(server.url)]);
    const ids = Array.from({ length: 10 }, (_, n) => `met-${n}`);
    const identities = ids.map((id) => assignmentOf(id, 1).identity!);
    const registrations = ids.map((id) => assignmentOf(id, 1).registration);
    // All nodes write the same rows at once, each in a different order of tables.
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => {
        const node = nodes[n % nodes.length]!;
        if (n % 3 === 0) return node.restore({ registrations, identities });
        return Promise.all(
          ids.map((id) => (n % 3 === 1 ? node.removeDevice("hub.example", id) : node.removeRegistration(id))),
        );
      }),
    );
    await nodes[0]!.restore({ registrations, identities });
    expect(await nodes[1]!.deviceCount("hub.example")).toBeGreaterThanOrEqual(ids.length);
    await Promise.all(nodes.map((node) => node.close()));
  });
});

describe("a URL", () => {
  const wrong = ["", "nonsense hunter2", "http://user:hunter2@host/db", "postgres://user:hunter2@host:port/db"];
  it.each(wrong)("that is invalid (%j) is reported as such, and not quoted", async (url) => {
    const error = await open(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", kind: "badUrl" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
  });

  it("of an unreachable server is not quoted", async () => {
    const error = await open("postgres://user:hunter2%zz@127.0.0.1:1/db").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
  });
});
