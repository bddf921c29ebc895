import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatSas, provisioningResource, REGISTRATION_KEY_NAME } from "@rollcall/protocol";
import { createTpm, TpmClient } from "tpm-js-sim";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type PostgresServer,
  postgresPrograms,
  startPostgres,
} from "../../packages/store/src/testing/postgres-server.js";
import { deviceToken } from "./device-tokens.js";
import { startService, type TestService } from "./service.js";
import { callHttps } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";

const key = Buffer.alloc(32, 9).toString("base64");
const tpm = new TpmClient(createTpm({ seed: "two nodes" }).send);
const programs = postgresPrograms();

/** What all nodes have to have in common: the CA that devices trust, and the keys. */
const shared = ["secrets.json", "ca.pem", "ca-key.pem"];

describe.skipIf(programs === undefined)("two services over one PostgreSQL (needs the package postgresql)", () => {
  let folder: string;
  let postgres: PostgresServer;
  let first: TestService;
  let second: TestService;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "rollcall-nodes-"));
    postgres = await startPostgres(programs ?? "");
    const seed = {
      enrollments: [
        symmetricIndividual("d1", key),
        { registrationId: "t1", attestation: { type: "tpm" as const, tpm: { endorsementKey: await tpmKey() } } },
      ],
    };
    const node = (name: string) => ({ location: join(folder, name), store: postgres.url });
    first = await startService({ ...node("a"), seed });
    mkdirSync(join(folder, "b"), { mode: 0o700 });
    const from = dirname(first.caPath);
    for (const name of shared) copyFileSync(join(from, name), join(folder, "b", name));
    second = await startService(node("b"));
  });
  afterAll(async () => {
    await second?.rollcall.stop();
    await first?.rollcall.stop();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const tpmKey = async () => Buffer.from(await tpm.endorsementKey()).toString("base64");

  function call(node: TestService, method: string, path: string, options: { token?: string; body?: unknown } = {}) {
    return callHttps(node.https, {
      method,
      path: `/${node.idScope}/registrations/${path}?api-version=2019-03-31`,
      ...(options.token !== undefined && { headers: { authorization: options.token } }),
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });
  }

  it("shows the same CA and connection key on both", () => {
    expect(second.rollcall.info.caFingerprint).toBe(first.rollcall.info.caFingerprint);
    expect(readFileSync(join(folder, "b", "secrets.json"), "utf8")).toBe(
      readFileSync(join(folder, "a", "secrets.json"), "utf8"),
    );
    expect(first.rollcall.info.store).toEqual({ kind: "postgres", place: expect.stringMatching(/^postgres:\/\/127/) });
  });

  it("polls on one what was registered on the other", async () => {
    const token = deviceToken({ idScope: first.idScope, registrationId: "d1", key });
    const registered = await call(first, "PUT", "d1/register", { token, body: {} });
    expect(registered.status).toBe(202);
    const poll = await call(second, "GET", `d1/operations/${registered.body.operationId}`, { token });
    expect(poll).toMatchObject({ status: 200, body: { status: "assigned", registrationState: { deviceId: "d1" } } });
  });

  it("takes the answer to a TPM challenge on the other node", async () => {
    const body = {
      registrationId: "t1",
      tpm: {
        endorsementKey: await tpmKey(),
        storageRootKey: Buffer.from(await tpm.storageRootKey()).toString("base64"),
      },
    };
    const challenge = await call(first, "PUT", "t1/register", { body });
    expect(challenge.status).toBe(401);
    await tpm.activateIdentityKey(Buffer.from(challenge.body.authenticationKey, "base64"));
    const resource = encodeURIComponent(provisioningResource(first.idScope, "t1"));
    const expiry = Math.floor(Date.now() / 1000) + 3600;
    const signature = await tpm.sign(Buffer.from(`${resource}\n${expiry}`));
    const token = formatSas({ resource, expiry, signature, keyName: REGISTRATION_KEY_NAME });
    const registered = await call(second, "PUT", "t1/register", { token, body });
    expect(registered.status).toBe(202);
    const poll = await call(first, "GET", `t1/operations/${registered.body.operationId}`, { token });
    expect(poll).toMatchObject({ status: 200, body: { registrationState: { tpm: {}, status: "assigned" } } });
  });

  it("heeds on one what an operator did on the other", async () => {
    const token = deviceToken({ idScope: first.idScope, registrationId: "d1", key });
    const record = await first.rollcall.store.individualEnrollment("d1");
    if (!record) throw new Error("d1 is not enrolled");
    const disabled = { ...record, provisioningStatus: "disabled" as const, etag: "e2" };
    expect(await second.rollcall.store.putIndividual(disabled, { etag: record.etag })).toBe(true);
    expect(await call(first, "PUT", "d1/register", { token, body: {} })).toMatchObject({ status: 401 });
    expect(await first.rollcall.store.putIndividual(record, { etag: record.etag })).toBe(false);
    expect(await first.rollcall.store.removeIndividual("d1", "e2")).toBe("removed");
    expect((await call(second, "PUT", "d1/register", { token, body: {} })).status).toBe(401);
  });

  it("lets one of many racing registrations win each time, whichever node they came to", async () => {
    await first.rollcall.store.restore({
      individuals: await individualsOf(Array.from({ length: 5 }, (_, index) => `race${index}`)),
    });
    const calls = Array.from({ length: 40 }, (_, index) => {
      const id = `race${index % 5}`;
      const token = deviceToken({ idScope: first.idScope, registrationId: id, key });
      return call(index % 2 === 0 ? first : second, "PUT", `${id}/register`, { token, body: {} });
    });
    const statuses = (await Promise.all(calls)).map((each) => each.status);
    expect(statuses.filter((status) => status !== 202 && status !== 409)).toEqual([]);
    expect(statuses.filter((status) => status === 202).length).toBeGreaterThanOrEqual(5);
    expect(await second.rollcall.store.deviceCount("127.0.0.1")).toBe(6 + 1);
  });

  /** Copies of an enrollment that was made in the usual way. */
  async function individualsOf(ids: readonly string[]) {
    const like = await first.rollcall.store.individualEnrollment("t1");
    if (!like) throw new Error("t1 is not enrolled");
    const attestation = { type: "symmetricKey" as const, primaryKey: key, secondaryKey: key };
    return ids.map((registrationId) => ({ ...like, registrationId, attestation }));
  }
});
