import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkedFetch } from "@rollcall/api/testing";
import { formatSas, provisioningResource, REGISTRATION_KEY_NAME } from "@rollcall/protocol";
import { type RollcallInfo, readInstance, startRollcall } from "@rollcall/service";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type PostgresServer,
  postgresPrograms,
  startPostgres,
} from "../../packages/store/src/testing/postgres-server.js";
import { deviceToken } from "./device-tokens.js";
import { callHttps, type Place } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";
import { until } from "./until.js";

const key = Buffer.alloc(32, 9).toString("base64");
const tpm = new TpmClient(createTpm({ seed: "two nodes" }).send);
const programs = postgresPrograms();
const bin = fileURLToPath(new URL("../../packages/cli/bin/rollcall.mjs", import.meta.url));

/** Files that all nodes must share: the CA that devices trust, and the keys. See the README. */
const shared = ["secrets.json", "ca.pem", "ca-key.pem"];
const freePorts = ["--mqtt-port", "0", "--https-port", "0", "--dashboard-port", "0", "--log-level", "error"];

/** `rollcall start` in a process of its own. */
interface Node {
  readonly child: ChildProcess;
  readonly info: RollcallInfo;
  readonly token: string;
  readonly https: Place;
}

async function startNode(location: string, ...flags: readonly string[]): Promise<Node> {
  const child = spawn(process.execPath, [bin, "start", "--location", location, ...freePorts, ...flags], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const instance = await until(
    () => {
      if (child.exitCode !== null) throw new Error(`the node of ${location} ended with ${child.exitCode}`);
      return readInstance(location);
    },
    (each) => each !== undefined,
  );
  // Written by a service of this version.
  const info = instance?.info as RollcallInfo;
  const https = { host: info.host, port: info.ports.https, ca: readFileSync(info.caPath, "utf8") };
  return { child, info, token: instance?.managementToken ?? "", https };
}

async function stopNode(node: Node | undefined): Promise<void> {
  if (!node || node.child.exitCode !== null || node.child.signalCode !== null) return;
  const exited = once(node.child, "exit");
  node.child.kill("SIGTERM");
  await exited;
}

describe.skipIf(programs === undefined)("two services over one PostgreSQL (needs the package postgresql)", () => {
  let folder: string;
  let postgres: PostgresServer;
  let first: Node;
  let second: Node;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "rollcall-nodes-"));
    postgres = await startPostgres(programs ?? "");
    const races = Array.from({ length: 5 }, (_, index) => symmetricIndividual(`race${index}`, key));
    const seed = {
      enrollments: [
        symmetricIndividual("d1", key),
        { registrationId: "t1", attestation: { type: "tpm" as const, tpm: { endorsementKey: tpmKey() } } },
        ...races,
      ],
    };
    writeFileSync(join(folder, "seed.json"), JSON.stringify(seed));
    first = await startNode(join(folder, "a"), "--store", postgres.url, "--seed", join(folder, "seed.json"));
    mkdirSync(join(folder, "b"), { mode: 0o700 });
    for (const name of shared) copyFileSync(join(folder, "a", name), join(folder, "b", name));
    second = await startNode(join(folder, "b"), "--store", postgres.url);
  });
  afterAll(async () => {
    await Promise.all([stopNode(first), stopNode(second)]);
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const tpmKey = () => Buffer.from(tpm.endorsementKey()).toString("base64");

  /** A device's request. */
  function call(node: Node, method: string, path: string, options: { token?: string; body?: unknown } = {}) {
    return callHttps(node.https, {
      method,
      path: `/${node.info.idScope}/registrations/${path}?api-version=2019-03-31`,
      ...(options.token !== undefined && { headers: { authorization: options.token } }),
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });
  }

  const tokenOf = (registrationId: string) => deviceToken({ idScope: first.info.idScope, registrationId, key });

  /** An operator's request, on the dashboard listener. */
  async function operate(node: Node, method: string, path: string, more: { ifMatch?: string; body?: unknown } = {}) {
    const answer = await checkedFetch(`http://127.0.0.1:${node.info.ports.dashboard}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${node.token}`,
        ...(more.ifMatch !== undefined && { "if-match": more.ifMatch }),
        ...(more.body !== undefined && { "content-type": "application/json" }),
      },
      ...(more.body !== undefined && { body: JSON.stringify(more.body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  it("are processes of their own with the same CA and the same keys", () => {
    expect(second.info.pid).not.toBe(first.info.pid);
    expect(second.info.caFingerprint).toBe(first.info.caFingerprint);
    expect(second.token).toBe(first.token);
    expect(first.info.store).toEqual({ kind: "postgres", place: expect.stringMatching(/^postgres:\/\/127/) });
  });

  it("refuse a node with other keys, and name the files that it lacks", async () => {
    const location = join(folder, "stranger");
    const child = spawn(
      process.execPath,
      [bin, "start", "--location", location, ...freePorts, "--store", postgres.url],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let told = "";
    child.stderr.on("data", (bytes: Buffer) => {
      told += bytes.toString();
    });
    const [code] = await once(child, "close");
    // Refused for safety.
    expect(code).toBe(7);
    expect(told).toContain("CA or keys differ from those of the nodes that share the database");
    expect(told).toContain("copy secrets.json, ca.pem and ca-key.pem");
    for (const name of ["secrets.json", "ca-key.pem"]) {
      const content = readFileSync(join(location, name), "utf8");
      expect(content.split(/["\n]/).filter((each) => each.length > 30 && told.includes(each))).toEqual([]);
    }
  });

  it("change their keys on request: one node replaces the keys, and the other nodes need them", async () => {
    const options = { store: postgres.url, idScope: "0ne00000077" };
    const [old, fresh] = [join(folder, "old"), join(folder, "fresh")];
    await (await startRollcall({ ...options, location: old })).stop();
    await expect(startRollcall({ ...options, location: fresh })).rejects.toMatchObject({ kind: "otherFiles" });
    await (await startRollcall({ ...options, location: fresh, replaceClusterKeys: true })).stop();
    await expect(startRollcall({ ...options, location: old })).rejects.toMatchObject({ kind: "otherFiles" });
    for (const name of shared) copyFileSync(join(fresh, name), join(old, name));
    await (await startRollcall({ ...options, location: old })).stop();
    await expect(startRollcall({ replaceClusterKeys: true })).rejects.toMatchObject({ name: "ConfigError" });
  });

  it("answer a poll on one node for a registration on the other", async () => {
    const token = tokenOf("d1");
    const registered = await call(first, "PUT", "d1/register", { token, body: {} });
    expect(registered.status).toBe(202);
    const poll = await call(second, "GET", `d1/operations/${registered.body.operationId}`, { token });
    expect(poll).toMatchObject({ status: 200, body: { status: "assigned", registrationState: { deviceId: "d1" } } });
  });

  it("accept the answer to a TPM challenge of the other node", async () => {
    const storageRootKey = Buffer.from(tpm.storageRootKey()).toString("base64");
    const body = { registrationId: "t1", tpm: { endorsementKey: tpmKey(), storageRootKey } };
    const challenge = await call(first, "PUT", "t1/register", { body });
    expect(challenge.status).toBe(401);
    tpm.activateIdentityKey(Buffer.from(challenge.body.authenticationKey, "base64"));
    const resource = encodeURIComponent(provisioningResource(first.info.idScope, "t1"));
    const expiry = Math.floor(Date.now() / 1000) + 3600;
    const signature = tpm.sign(Buffer.from(`${resource}\n${expiry}`));
    const token = formatSas({ resource, expiry, signature, keyName: REGISTRATION_KEY_NAME });
    const registered = await call(second, "PUT", "t1/register", { token, body });
    expect(registered.status).toBe(202);
    const poll = await call(first, "GET", `t1/operations/${registered.body.operationId}`, { token });
    expect(poll).toMatchObject({ status: 200, body: { registrationState: { tpm: {}, status: "assigned" } } });
  });

  it("let one of two operators win who edit the same entry on different nodes", async () => {
    const read = await operate(first, "GET", "/enrollments/d1");
    const edit = (node: Node, interval: number) =>
      operate(node, "PUT", "/enrollments/d1", {
        ifMatch: read.body.etag,
        body: { ...read.body, initialTwin: { properties: { desired: { interval } } } },
      });
    const answers = await Promise.all([edit(first, 1), edit(second, 2)]);
    expect(answers.map((each) => each.status).sort()).toEqual([200, 412]);
    const winner = answers.find((each) => each.status === 200)?.body;
    for (const node of [first, second]) expect((await operate(node, "GET", "/enrollments/d1")).body).toEqual(winner);
  });

  it("apply on one node the changes of an operator on the other", async () => {
    const token = tokenOf("d1");
    const { body: read } = await operate(second, "GET", "/enrollments/d1");
    const body = { ...read, provisioningStatus: "disabled" };
    expect((await operate(second, "PUT", "/enrollments/d1", { ifMatch: read.etag, body })).status).toBe(200);
    expect((await call(first, "PUT", "d1/register", { token, body: {} })).status).toBe(401);
    expect((await operate(first, "DELETE", "/enrollments/d1")).status).toBe(204);
    expect((await operate(second, "GET", "/enrollments/d1")).status).toBe(404);
    expect((await call(second, "PUT", "d1/register", { token, body: {} })).status).toBe(401);
  });

  it("assign every device of a race once", async () => {
    const calls = Array.from({ length: 40 }, (_, index) => {
      const id = `race${index % 5}`;
      return call(index % 2 === 0 ? first : second, "PUT", `${id}/register`, { token: tokenOf(id), body: {} });
    });
    const statuses = (await Promise.all(calls)).map((each) => each.status);
    expect(statuses.filter((status) => status !== 202 && status !== 409)).toEqual([]);
    expect(statuses.filter((status) => status === 202).length).toBeGreaterThanOrEqual(5);
    const { body } = await operate(second, "GET", "/hubs/127.0.0.1/devices");
    const raced = body.items.filter((each: { deviceId: string }) => each.deviceId.startsWith("race"));
    expect(raced).toHaveLength(5);
  });

  it("continue when one of them is killed", async () => {
    const exited = once(first.child, "exit");
    first.child.kill("SIGKILL");
    await exited;
    const token = tokenOf("race0");
    expect((await call(second, "PUT", "race0/register", { token, body: {} })).status).toBe(202);
  });
});
