import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openPostgresStore } from "../postgres/postgres-store.js";
import { type PostgresServer, postgresPrograms, startPostgres } from "../testing/postgres-server.js";
import type { ClusterFiles } from "./cluster-files.js";
import type { DurableStore } from "./sql-store.js";

const programs = postgresPrograms();
const files = (ca: string, secrets: string, more: Partial<ClusterFiles> = {}): ClusterFiles => ({
  fingerprints: { "ca-key.pem": ca, "secrets.json": secrets },
  areKept: true,
  replace: false,
  ...more,
});

describe.skipIf(programs === undefined)("the files that all nodes of a cluster share (needs postgresql)", () => {
  let server: PostgresServer;
  let scopes = 0;
  let idScope: string;
  const opened: DurableStore[] = [];
  const open = async (own: ClusterFiles, scope = idScope) => {
    const store = await openPostgresStore({ url: server.url, idScope: scope, files: own });
    opened.push(store);
    return store;
  };
  const refused = { name: "StoreError", kind: "otherFiles" };

  beforeAll(async () => {
    server = await startPostgres(programs!);
  });
  afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));
  afterAll(() => server.stop());

  it("are the first node's; a node with different files is refused, and told which files differ and what to do", async () => {
    idScope = `0ne${scopes++}`;
    await open(files("A", "S"));
    await open(files("A", "S"));
    await expect(open(files("B", "S"))).rejects.toMatchObject(refused);
    const error = await open(files("B", "T")).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      ...refused,
      next: expect.stringContaining("copy secrets.json, ca.pem and ca-key.pem"),
    });
    expect(String(error)).toContain(`ID scope ${idScope}: ca-key.pem and secrets.json differ)`);
    await expect(open(files("A", "T"))).rejects.toThrow(/: secrets\.json differs\)/);
    await open(files("A", "S"));
  });

  it("are separate for each ID scope", async () => {
    idScope = `0ne${scopes++}`;
    await open(files("A", "S"));
    await open(files("B", "T"), `0ne${scopes++}`);
  });

  it("can be replaced on purpose; nodes with the old files are refused then", async () => {
    idScope = `0ne${scopes++}`;
    await open(files("A", "S"));
    await open(files("B", "S", { replace: true }));
    await open(files("B", "S"));
    await expect(open(files("A", "S"))).rejects.toMatchObject(refused);
  });

  it("are not recorded for a node that does not keep them, but are compared with its own", async () => {
    idScope = `0ne${scopes++}`;
    await open(files("A", "S", { areKept: false }));
    await open(files("B", "T"));
    await expect(open(files("A", "S", { areKept: false }))).rejects.toMatchObject(refused);
  });

  it("come from one node when several nodes with different files start at once", async () => {
    idScope = `0ne${scopes++}`;
    const starts = await Promise.allSettled(["A", "B", "C", "D"].map((each) => open(files(each, each))));
    const [won, ...others] = starts.filter((each) => each.status === "fulfilled");
    expect(won).toBeDefined();
    expect(others).toEqual([]);
    for (const each of starts) if (each.status === "rejected") expect(each.reason).toMatchObject(refused);
  });
});
