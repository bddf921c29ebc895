import { storeContract } from "@rollcall/engine/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DurableStore } from "../sql/sql-store.js";
import { storedOf } from "../testing/crash-lives.js";
import { assignmentOf, individualOf } from "../testing/crash-records.js";
import { identityOf, olderAuthentications } from "../testing/older-authentications.js";
import { connectClient, type PostgresServer, postgresPrograms, startPostgres } from "../testing/postgres-server.js";
import { openPostgresStore } from "./postgres-store.js";

const programs = postgresPrograms();

describe.skipIf(programs === undefined)("on a real server (needs postgresql)", () => {
  let server: PostgresServer;
  let scopes = 0;
  const opened: DurableStore[] = [];
  const open = async (idScope = `0ne${scopes++}`) => {
    const store = await openPostgresStore({ url: server.url, idScope });
    opened.push(store);
    return store;
  };

  beforeAll(async () => {
    server = await startPostgres(programs!);
  });
  // Stores are closed after each test: the server accepts a hundred connections.
  afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));
  afterAll(() => server.stop());

  storeContract("PostgresStore", () => open());

  it("creates its tables once when several nodes start at the same time", async () => {
    const client = await connectClient(server.url);
    await client.query("drop schema public cascade");
    await client.query("create schema public");
    const nodes = await Promise.all(Array.from({ length: 6 }, () => open("0ne-race")));
    const { rows } = await client.query("select version from rollcall_schema");
    expect(rows).toEqual([{ version: 6 }]);
    expect(await nodes[0]!.saveAssignment(assignmentOf("d", 1))).toBe(true);
    expect((await nodes[1]!.registration("d"))?.etag).toBe("r1");
    await client.end();
  });

  it("migrates the tables of an older version, and leaves other rows of the version table alone", async () => {
    const before = await open("0ne-older");
    await before.saveAssignment(assignmentOf("d", 1));
    const client = await connectClient(server.url);
    await client.query("drop table cluster_files");
    await client.query("alter table device_identities drop column session");
    await client.query("update rollcall_schema set version = 1");
    await client.query("insert into rollcall_schema values ('another', 7)");
    const after = await open("0ne-older");
    expect((await after.registration("d"))?.etag).toBe("r1");
    const { rows } = await client.query("delete from rollcall_schema where name = 'another' returning version");
    expect(rows).toEqual([{ version: 7 }]);
    expect((await client.query("select version from rollcall_schema")).rows).toEqual([{ version: 6 }]);
    expect((await client.query("select * from cluster_files")).rows).toEqual([]);
    await client.end();
  });

  it("migrates X.509 devices of an older version, which get the thumbprints that are known", async () => {
    await open("0ne-x509");
    const client = await connectClient(server.url);
    for (const [deviceId, authentication] of olderAuthentications) {
      const record = JSON.stringify({ ...identityOf(deviceId), authentication });
      const values = ["0ne-x509", "h.x", deviceId, deviceId, record];
      await client.query("insert into device_identities values ($1, $2, $3, $4, $5)", values);
    }
    await client.query("alter table device_identities drop column session");
    await client.query("update rollcall_schema set version = 3");
    await client.end();
    const after = await open("0ne-x509");
    for (const [deviceId, , authentication] of olderAuthentications)
      expect(await after.deviceAndSession("h.x", deviceId)).toEqual({
        identity: { ...identityOf(deviceId), authentication },
      });
  });

  it("lets one node win when two register the same devices", async () => {
    const nodes = [await open("0ne-two"), await open("0ne-two")];
    const devices = Array.from({ length: 50 }, (_, n) => `d${n}`);
    const wins = await Promise.all(
      devices.flatMap((device) => nodes.map((node) => node.saveAssignment(assignmentOf(device, 1)))),
    );
    expect(wins.filter(Boolean)).toHaveLength(devices.length);
    expect(await storedOf(nodes[0]!, "d7")).toEqual({ registration: "r1", identity: 1, twin: "t1" });
  });

  it("saves no registration of an enrollment that another node is deleting", async () => {
    const idScope = `0ne${scopes++}`;
    const [node, other] = [await open(idScope), await open(idScope)];
    const deleting = await connectClient(server.url);
    await node.putIndividual(individualOf("d"));
    await deleting.query("begin");
    await deleting.query("delete from enrollments where id_scope = $1", [idScope]);
    const saving = other.saveAssignment({ ...assignmentOf("d", 1), enrollmentEtag: "e0" });
    const waits = "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'";
    await expect.poll(async () => (await deleting.query(waits)).rows, { timeout: 30_000 }).toEqual([{ n: 1 }]);
    await deleting.query("commit");
    await deleting.end();
    expect(await saving).toBe(false);
    expect(await storedOf(node, "d")).toEqual({ registration: undefined, identity: undefined, twin: undefined });
  });

  it("leaves no registration behind, whether the saving or the deleting node is faster", async () => {
    const nodes = [await open("0ne-race-a"), await open("0ne-race-a")] as const;
    const devices = Array.from({ length: 40 }, (_, n) => `d${n}`);
    await nodes[0].restore({ individuals: devices.map(individualOf) });
    const saved = await Promise.all(
      devices.map(async (device) => {
        const saving = nodes[0].saveAssignment({ ...assignmentOf(device, 1), enrollmentEtag: "e0" });
        expect(await nodes[1].removeIndividual(device)).toBe("removed");
        return { device, isSaved: await saving };
      }),
    );
    for (const { device, isSaved } of saved) {
      expect(await nodes[0].registration(device)).toBeUndefined();
      // The device at the hub stays when its enrollment goes.
      expect((await nodes[0].twin("hub.example", device)) !== undefined).toBe(isSaved);
    }
  });

  it("applies a limit to all nodes together", async () => {
    const nodes = [await open("0ne-limit"), await open("0ne-limit")];
    const { registrationId: _, ...base } = individualOf("g");
    const key = { type: "symmetricKey" as const, primaryKey: "cA==", secondaryKey: "cw==" };
    const groups = Array.from({ length: 12 }, (_, n) => `g${n}`).map((enrollmentGroupId) => ({
      ...base,
      ...{ kind: "group" as const, enrollmentGroupId, attestation: key },
    }));
    const puts = await Promise.all(groups.map((each, n) => nodes[n % 2]!.putGroup(each, "absent", 5)));
    expect(puts.filter(Boolean)).toHaveLength(5);
    expect(await nodes[0]!.symmetricKeyGroups()).toHaveLength(5);
  });

  it("keeps id scopes apart", async () => {
    const [here, there] = [await open(), await open()];
    await here.saveAssignment(assignmentOf("d", 1));
    expect(await there.registration("d")).toBeUndefined();
  });

  it("names a missing database, without the password", async () => {
    const url = new URL(server.url);
    url.pathname = "/nowhere";
    url.password = "hunter2";
    const error = await openPostgresStore({ url: url.href, idScope: "0ne" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", kind: "databaseMissing" });
    expect(String(error)).toContain(`${url.host}/nowhere`);
    expect(String(error)).not.toContain("hunter2");
  });
});

describe("without a server", () => {
  it("says that PostgreSQL cannot be reached, and what to check", async () => {
    const opening = openPostgresStore({ url: "postgres://rollcall@127.0.0.1:1/rollcall", idScope: "0ne" });
    await expect(opening).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/cannot be reached \(127\.0\.0\.1:1\/rollcall: .*\): check that the server runs/),
    });
  });
});
