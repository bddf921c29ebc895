import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsonObject, topics } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectClient,
  type PostgresServer,
  postgresPrograms,
  startPostgres,
} from "../../packages/store/src/testing/postgres-server.js";
import { createPki, leafOnly, x509Group } from "./certificates.js";
import { hubToken } from "./device-tokens.js";
import { connectToHub, putGroup, putIndividual, readTwin, register } from "./operating.js";
import type { RawMqtt } from "./raw-mqtt.js";
import { startService, type TestService, userName } from "./service.js";
import { openMqtt } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";
import { until } from "./until.js";

/** Changes to a device on one node while it is connected to the other. */

const programs = postgresPrograms();
const key = Buffer.alloc(32, 52).toString("base64");
const [h1, h2] = ["127.0.0.1", "127.0.0.2"] as const;

describe.skipIf(programs === undefined)("devices of two nodes (needs the package postgresql)", () => {
  let folder: string;
  let postgres: PostgresServer;
  let client: Awaited<ReturnType<typeof connectClient>>;
  let here: TestService;
  let there: TestService;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "rollcall-nodes-"));
    postgres = await startPostgres(programs ?? "");
    client = await connectClient(postgres.url);
    const options = { store: postgres.url, hubs: [{ host: h1 }, { host: h2 }] };
    there = await startService({ ...options, location: join(folder, "a") });
    mkdirSync(join(folder, "b"), { mode: 0o700 });
    for (const name of ["secrets.json", "ca.pem", "ca-key.pem"])
      copyFileSync(join(folder, "a", name), join(folder, "b", name));
    here = await startService({ ...options, location: join(folder, "b") });
    await until(listening, (pids) => pids.length === 2);
  });
  afterAll(async () => {
    await Promise.all([here?.rollcall.stop(), there?.rollcall.stop()]);
    await client?.end();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The database connections on which the nodes listen for each other's notifications. */
  async function listening(): Promise<readonly number[]> {
    const last = "select pid from pg_stat_activity where query in ('listen rollcall_changes', 'select 1')";
    const { rows } = await client.query<{ pid: number }>(last);
    return rows.map((row) => row.pid);
  }

  const enroll = (id: string, hub: string, deviceId = id) =>
    putIndividual(there, {
      ...{ ...symmetricIndividual(id, key), deviceId },
      ...{ allocationPolicy: "static", iotHubs: [hub] },
    });
  const registerThere = async (id: string) => {
    const { body } = await register(there, { registrationId: id, key });
    expect(body.registrationState).toMatchObject({ status: "assigned" });
  };

  /** A device that registered at the other node, and is connected to its hub at this node. */
  async function connectedHere(id: string, deviceId = id): Promise<RawMqtt> {
    await enroll(id, h1, deviceId);
    await registerThere(id);
    const device = await openMqtt({ ...here.mqtt, host: h1 });
    expect(await connectToHub(device, { hub: h1, deviceId, key })).toBe(0);
    await device.subscribe(topics.twinDesiredUpdates);
    await device.subscribe(topics.twinReplies);
    return device;
  }
  const findingsHere = (id: string) =>
    here.rollcall.attempts
      .recent(50)
      .find(({ at, registrationId }) => at === "hub" && registrationId === id)
      ?.findings.map((each) => each.code);

  async function nextDesired(device: RawMqtt): Promise<JsonObject> {
    const packet = await device.take("publish", ({ topic }) => topic.startsWith(topics.twinDesired));
    const patch = JSON.parse(packet.payload.toString());
    expect(packet.topic).toBe(`${topics.twinDesired}?$version=${patch.$version}`);
    return patch;
  }

  it("are disconnected from one node when the other deletes them", async () => {
    await using device = await connectedHere("deleted");
    await using bystander = await connectedHere("bystander");
    expect(await there.rollcall.hub.removeDevice({ hub: h1, deviceId: "deleted" })).toBe(true);
    await device.closed;
    expect(findingsHere("deleted")).toEqual(["hub.connectionClosed"]);
    expect(await readTwin(bystander)).toMatchObject({ desired: { $version: 1 } });
  });

  it("are disconnected from one node when a registration at the other moves them, and stay when it does not", async () => {
    await using device = await connectedHere("moved");
    await registerThere("moved");
    expect(await readTwin(device)).toMatchObject({ desired: { $version: 1 } });
    await enroll("moved", h2);
    await registerThere("moved");
    await device.closed;
    expect(findingsHere("moved")).toEqual(["hub.connectionClosed"]);
  });

  it("are disconnected from one node when another registration gets their place at the other", async () => {
    await using device = await connectedHere("first-owner", "shared");
    await there.rollcall.store.removeRegistration("first-owner");
    await enroll("heir", h1, "shared");
    await registerThere("heir");
    await device.closed;
  });

  it("get desired properties that the other node changes, patch by patch, in the order of versions", async () => {
    await using device = await connectedHere("desired");
    const at = { hub: h1, deviceId: "desired" };
    await there.rollcall.hub.patchTwin(at, { tags: { site: "north" } });
    await there.rollcall.hub.patchTwin(at, { desired: { interval: 5, deep: { a: 1, b: 2 } } });
    expect(await nextDesired(device)).toEqual({ interval: 5, deep: { a: 1, b: 2 }, $version: 2 });
    await there.rollcall.hub.patchDesired(at, { interval: null, deep: { a: null } });
    expect(await nextDesired(device)).toEqual({ interval: null, deep: { a: null }, $version: 3 });
    let last = 3;
    for (let n = 0; n < 20; n++) {
      const node = n % 3 === 0 ? here : there;
      last = (await node.rollcall.hub.patchTwin(at, { desired: { [`n${n % 7}`]: n } })).desiredVersion;
    }
    expect(last).toBe(23);
    const state: JsonObject = { deep: { b: 2 } };
    for (let version = 3; version < last; ) {
      const { $version, ...patch } = await nextDesired(device);
      expect($version).toBeGreaterThan(version);
      version = Number($version);
      Object.assign(state, patch);
    }
    expect(await readTwin(device)).toMatchObject({ desired: { ...state, $version: last } });
  });

  it("get a patch that is much larger than a notification may be", async () => {
    await using device = await connectedHere("large");
    const desired = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`n${n}`, "x".repeat(4000)]));
    await there.rollcall.hub.patchTwin({ hub: h1, deviceId: "large" }, { desired });
    expect(await nextDesired(device)).toEqual({ ...desired, $version: 2 });
  });

  it("are disconnected from one node when an import at the other disables them", async () => {
    await using device = await connectedHere("disabled");
    const identity = await there.rollcall.store.deviceIdentity(h1, "disabled");
    await there.rollcall.store.restore({ identities: [{ ...identity!, status: "disabled" }] });
    await device.closed;
  });

  it("find their subscriptions here, made there with clean session 0; what they missed is not sent", async () => {
    await enroll("moves-node", h1);
    await registerThere("moves-node");
    const at = { hub: h1, deviceId: "moves-node" };
    const session = async (node: TestService, clean = false) => {
      const device = await openMqtt({ ...node.mqtt, host: h1 });
      const username = `${h1}/moves-node/?api-version=2021-04-12`;
      const password = hubToken(h1, "moves-node", key);
      const connack = await device.connect({ clientId: "moves-node", username, password, clean });
      return { device, isPresent: connack.sessionPresent };
    };
    const first = await session(there);
    expect(first.isPresent).toBe(false);
    expect(await first.device.subscribe(topics.twinDesiredUpdates)).toMatchObject({ granted: [1] });
    expect(await first.device.subscribe(topics.twinReplies, 0)).toMatchObject({ granted: [0] });
    first.device.stream.destroy();
    await there.rollcall.hub.patchDesired(at, { missed: true });
    const second = await session(here);
    expect(second.isPresent).toBe(true);
    expect(await readTwin(second.device)).toMatchObject({ desired: { missed: true, $version: 2 } });
    await there.rollcall.hub.patchDesired(at, { next: true });
    expect(await nextDesired(second.device)).toEqual({ next: true, $version: 3 });
    expect(second.device.packets.filter(({ cmd }) => cmd === "publish")).toHaveLength(2);
    second.device.stream.destroy();
    const clean = await session(there, true);
    expect(clean.isPresent).toBe(false);
    clean.device.stream.destroy();
    const last = await session(here);
    expect(last.isPresent).toBe(false);
    await there.rollcall.hub.patchDesired(at, { unheard: true });
    await here.rollcall.hub.patchDesired(at, { heard: false });
    await last.device.subscribe(topics.twinReplies);
    expect(await readTwin(last.device)).toMatchObject({ desired: { $version: 5 } });
    expect(last.device.packets.filter(({ cmd }) => cmd === "publish")).toHaveLength(1);
    last.device.stream.destroy();
  });

  it("are disconnected here when they register there with a renewed certificate, and are told to connect with it", async () => {
    const pki = await createPki("Nodes");
    const [old, renewed] = [await pki.leaf("renews"), await pki.leaf("renews")];
    await putGroup(there, { ...x509Group("nodes", pki.intermediate), allocationPolicy: "static", iotHubs: [h1] });
    const registerWith = async (leaf: typeof old) => {
      await using client = await openMqtt({ ...there.mqtt, presented: leafOnly(leaf) });
      await client.connect({ clientId: "renews", username: userName(there.idScope, "renews") });
      await client.subscribe();
      expect((await client.registration("{}")).body.registrationState).toMatchObject({ status: "assigned" });
    };
    const toHub = async (leaf: typeof old) => {
      const device = await openMqtt({ ...here.mqtt, host: h1, presented: leafOnly(leaf) });
      const username = `${h1}/renews/?api-version=2021-04-12`;
      return { device, code: (await device.connect({ clientId: "renews", username })).returnCode };
    };
    await registerWith(old);
    const standing = await toHub(old);
    expect([standing.code, (await toHub(renewed)).code]).toEqual([0, 5]);
    await registerWith(old);
    await registerWith(renewed);
    await standing.device.closed;
    await until(
      () => here.rollcall.attempts.recent(50).flatMap(({ findings }) => findings.map(({ code }) => code)),
      (codes) => codes.includes("hub.certificateRenewed"),
    );
    const [now, before] = [await toHub(renewed), await toHub(old)];
    expect([now.code, before.code]).toEqual([0, 5]);
    await now.device.end();
  });

  it("hear of everything that happened while the nodes did not hear each other", async () => {
    await using deleted = await connectedHere("deleted-unheard");
    await using device = await connectedHere("desired-unheard");
    // Changes without a notification have the same effect as a lost notification.
    await client.query("delete from device_identities where device_id = 'deleted-unheard'");
    const record = `record::jsonb || '{"desired": {"late": 1}, "desiredVersion": 2, "etag": "late"}'`;
    await client.query(`update twins set etag = 'late', record = ${record} where device_id = 'desired-unheard'`);
    for (const pid of await listening()) await client.query("select pg_terminate_backend($1)", [pid]);
    await deleted.closed;
    expect(await nextDesired(device)).toEqual({ late: 1, $version: 2 });
    await there.rollcall.hub.patchDesired({ hub: h1, deviceId: "desired-unheard" }, { late: null });
    expect(await nextDesired(device)).toEqual({ late: null, $version: 3 });
  });

  it("continue when the database server was killed and started again", async () => {
    await using device = await connectedHere("outlives");
    await postgres.restart();
    client = await connectClient(postgres.url);
    await until(listening, (pids) => pids.length === 2);
    await there.rollcall.hub.patchDesired({ hub: h1, deviceId: "outlives" }, { again: true });
    expect(await nextDesired(device)).toEqual({ again: true, $version: 2 });
    expect(device.isClosed).toBe(false);
  });
});
