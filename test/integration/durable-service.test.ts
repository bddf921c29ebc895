import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type RollcallInfo, type RollcallOptions, readInstance, startRollcall } from "@rollcall/service";
import { connectToHub, registerDevice } from "@rollcall/simulator";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deviceToken } from "./device-tokens.js";
import { startService } from "./service.js";
import { callHttps } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";
import { until } from "./until.js";

const key = Buffer.alloc(32, 3).toString("base64");
const identity = { kind: "symmetricKey", key } as const;

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-durable-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const seedOf = (ids: readonly string[], interval = 5) => ({
  enrollments: ids.map((id) => ({
    ...symmetricIndividual(id, key),
    initialTwin: { properties: { desired: { interval } } },
  })),
});

/** Registers a device of the seed, over MQTT. */
async function register(info: RollcallInfo, registrationId: string) {
  const target = {
    host: info.host,
    port: info.ports.mqtt,
    idScope: info.idScope,
    ca: readFileSync(info.caPath, "utf8"),
  };
  return registerDevice({ target, registrationId, identity, transport: "mqtt", timeout: 20_000 });
}

describe("a service with a location", () => {
  const start = (options: RollcallOptions = {}) => startService({ location: join(folder, "state"), ...options });

  it("has its enrollments, devices and twins after a restart", async () => {
    {
      await using service = await start({ seed: seedOf(["d1"]) });
      expect(service.rollcall.info.store).toEqual({ kind: "sqlite", place: join(folder, "state", "store") });
      expect(await register(service.rollcall.info, "d1")).toMatchObject({ outcome: "assigned" });
      await connectToHub({
        ...{ assignedHub: service.hub, deviceId: "d1", identity, port: service.mqtt.port, ca: service.mqtt.ca },
        ...{ timeout: 20_000, reported: { firmware: "2.0" } },
      });
    }
    await using service = await start();
    const visit = await connectToHub({
      ...{ assignedHub: service.hub, deviceId: "d1", identity, port: service.mqtt.port, ca: service.mqtt.ca },
      timeout: 20_000,
    });
    expect(visit).toMatchObject({
      outcome: "connected",
      twin: { desired: { interval: 5 }, reported: { firmware: "2.0" } },
    });
    const again = await register(service.rollcall.info, "d1");
    expect(again).toMatchObject({
      outcome: "assigned",
      registrationState: { substatus: "reprovisionedToInitialAssignment" },
    });
  });

  it("keeps existing enrollments of a seed, and adds the rest", async () => {
    {
      await using service = await start({ seed: seedOf(["d1"], 5) });
      expect(service.rollcall.seeded).toEqual({ individuals: 1, groups: 0, kept: 0 });
    }
    await using service = await start({ seed: seedOf(["D1", "d2"], 99) });
    expect(service.rollcall.seeded).toEqual({ individuals: 1, groups: 0, kept: 1 });
    const records = await service.rollcall.store.individuals({ limit: 10 });
    expect(records.map((each) => [each.registrationId, each.initialTwin.desired])).toEqual([
      ["d1", { interval: 5 }],
      ["d2", { interval: 99 }],
    ]);
  });

  it("remembers nothing but CA and keys with store: memory", async () => {
    {
      await using service = await start({ seed: seedOf(["d1"]), store: "memory" });
      expect(service.rollcall.info.store.kind).toBe("memory");
    }
    await using service = await start({ store: "memory" });
    expect(await service.rollcall.store.individualEnrollment("d1")).toBeUndefined();
  });

  it("creates a database that only its owner can read", async () => {
    await using service = await start();
    const directory = service.rollcall.info.store.place;
    expect(statSync(directory).mode & 0o077).toBe(0);
    const files = readdirSync(directory).filter((name) => !name.endsWith(".lock"));
    expect(files).toContain("rollcall.db");
    for (const name of files) expect([name, statSync(join(directory, name)).mode & 0o077]).toEqual([name, 0]);
  });

  it("names the fault of a store that it cannot open, and leaves nothing open", async () => {
    const url = "postgres://rollcall:s3cret@127.0.0.1:1/nothing";
    const failure = await start({ store: url }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "StoreError", kind: "unreachable" });
    expect(String(failure)).not.toContain("s3cret");
    await using service = await start();
    expect(service.rollcall.info.store.kind).toBe("sqlite");
  });
});

/** Prints the location's ports once ready, then works until it is killed. */
const program = `
  import { startRollcall } from "@rollcall/service";
  const [location, seed] = process.argv.slice(1);
  await startRollcall({ location, seed, registration: { retryAfter: 1 } });
  console.log("ready");
`;

async function startChild(location: string, seed: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, location, seed], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(createInterface({ input: child.stdout }), "line");
  return child;
}

it("never loses a registration that was acknowledged, when the service is killed again and again", async () => {
  const location = join(folder, "state");
  const seed = join(folder, "seed.json");
  const ids = Array.from({ length: 400 }, (_, index) => `d${index}`);
  writeFileSync(seed, JSON.stringify(seedOf(ids)));
  const acknowledged: string[] = [];
  const left = [...ids];
  for (let round = 0; round < 3; round++) {
    const child = await startChild(location, seed);
    const info = (
      await until(
        () => readInstance(location),
        (each) => each !== undefined,
      )
    )?.info as RollcallInfo;
    const place = { host: info.host, port: info.ports.https, ca: readFileSync(info.caPath, "utf8") };
    const exited = once(child, "exit");
    const work = async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        const authorization = deviceToken({ idScope: info.idScope, registrationId: id, key });
        const path = `/${info.idScope}/registrations/${id}/register?api-version=2019-03-31`;
        const answer = await callHttps(place, { method: "PUT", path, headers: { authorization }, body: "{}" }).catch(
          () => undefined,
        );
        if (answer === undefined) return;
        expect(answer.status).toBe(202);
        acknowledged.push(id);
        // Other requests are still running.
        if (acknowledged.length === 40 * (round + 1)) child.kill("SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    await exited;
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(120);
  await using service = await startRollcall({ location });
  const found = await service.store.registrations({ limit: 1000 });
  const missing = acknowledged.filter((id) => !found.some((each) => each.registrationId === id));
  expect(missing).toEqual([]);
  for (const { registrationId, result } of found) {
    expect(await service.store.deviceIdentity("127.0.0.1", registrationId)).toBeDefined();
    expect(await service.store.twin("127.0.0.1", registrationId)).toBeDefined();
    expect(result.status).toBe("assigned");
  }
});
