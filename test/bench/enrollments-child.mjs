/**
 * One store of one size in a process of its own, so that its memory can be measured: fills it, times a service's
 * operations on it, and prints one line of JSON. Started by enrollments.mjs with one argument, the JSON of `{ kind,
 * count, rounds, directory, url }`.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { individualRecord, MemoryStore } from "@rollcall/engine";
import { openStore } from "@rollcall/store";

const { kind, count, rounds, directory, url } = JSON.parse(process.argv[2]);
const batch = 1000;
const hub = "hub.example";
const now = Date.UTC(2026, 0, 1);

const idOf = (n) => `Device-${String(n).padStart(9, "0")}`;
const anyId = () => idOf(Math.floor(Math.random() * count));
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const context = { now, random: randomBytes, etag: randomUUID };

const enrollment = (n) =>
  individualRecord(
    {
      registrationId: idOf(n),
      deviceId: `device-${n}`,
      attestation: { type: "symmetricKey" },
      provisioningStatus: "enabled",
      iotHubs: [hub],
      initialTwin: { tags: { site: "north", line: n % 100 }, properties: { desired: { interval: 60 } } },
    },
    context,
  );

/** The record that the engine saves for a device's first registration. */
function assignment(registrationId) {
  const operations = [{ id: `4.${randomUUID()}`, startedAt: now, readyAt: now }];
  const deviceId = registrationId;
  const result = { status: "assigned", assignedHub: hub, deviceId, substatus: "initialAssignment" };
  const registration = { registrationId, enrollment: { kind: "individual", id: registrationId }, operations, result };
  const keys = { primaryKey: randomBytes(64).toString("base64"), secondaryKey: randomBytes(64).toString("base64") };
  const identity = { hub, deviceId, registrationId, iotEdge: false, status: "enabled", createdAt: now };
  const versions = { desiredVersion: 1, desiredUpdatedAt: now, reportedVersion: 1, reportedUpdatedAt: now };
  const twin = { hub, deviceId, tags: { site: "north" }, desired: { interval: 60 }, reported: {}, ...versions };
  return {
    registration: { ...registration, attestation: "symmetricKey", createdAt: now, updatedAt: now, etag: randomUUID() },
    identity: { ...identity, authentication: { type: "symmetricKey", ...keys } },
    twin: { ...twin, etag: randomUUID() },
  };
}

async function open() {
  if (kind === "memory") return new MemoryStore();
  return openStore({
    ...(kind === "postgres" ? { kind, url } : { kind: "sqlite", directory }),
    idScope: "0ne00000000",
  });
}

async function fill(store) {
  let seconds = 0;
  for (let from = 0; from < count; from += batch) {
    const individuals = Array.from({ length: Math.min(batch, count - from) }, (_, n) => enrollment(from + n));
    const start = performance.now();
    await store.restore({ individuals });
    seconds += (performance.now() - start) / 1000;
  }
  return seconds;
}

const part = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];

/**
 * Median and 99th percentile in milliseconds, and the 99th percentile of processor time, which other work on the
 * machine does not change much: each the median of several rounds.
 */
async function times(perRound, action) {
  const all = [];
  for (let round = 0; round < rounds; round++) {
    const taken = [];
    const worked = [];
    for (let n = 0; n < perRound; n++) {
      const processor = process.cpuUsage();
      const start = performance.now();
      await action();
      taken.push(performance.now() - start);
      const { user, system } = process.cpuUsage(processor);
      worked.push((user + system) / 1000);
    }
    all.push({ p50: part(taken, 0.5), p99: part(taken, 0.99), processor: part(worked, 0.99) });
  }
  const of = (name) => median(all.map((each) => each[name]));
  return { p50: of("p50"), p99: of("p99"), processor: of("processor") };
}

async function register(store, id) {
  await store.individualEnrollment(id);
  const existing = await store.registration(id);
  const { registration, ...device } = assignment(id);
  const expected = existing && { expectedEtag: existing.etag };
  await store.saveAssignment({ registration, ...device, ...expected });
}

/** Registrations per second, with `inFlight` at the same time. */
async function rate(store, inFlight, total) {
  const start = performance.now();
  const one = async () => {
    for (let n = 0; n < total / inFlight; n++) await register(store, anyId());
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return total / ((performance.now() - start) / 1000);
}

/** Speed of the disk: writes and syncs a page repeatedly. */
function fsyncsPerSecond() {
  if (directory === undefined) return undefined;
  const file = openSync(join(directory, "fsync"), "w");
  const page = Buffer.alloc(4096, 1);
  const taken = Array.from({ length: 200 }, (_, n) => {
    const start = performance.now();
    writeSync(file, page, 0, page.length, n * page.length);
    fsyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  return 1000 / median(taken);
}

const megabytes = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
};

const store = await open();
const before = megabytes();
const importSeconds = await fill(store);
const filled = megabytes();
const lookUp = await times(2000, () => store.individualEnrollment(anyId()));
const page = await times(100, () => store.individuals({ limit: 100, after: anyId().toLowerCase() }));
const search = await times(3, () => store.individuals({ limit: 100, search: "no such device" }));
const counts = await times(50, () => store.counts());
const registration = await times(300, () => register(store, anyId()));
const registrationsPerSecond = await rate(store, 64, 3000);
const fsyncs = fsyncsPerSecond();
const memory = { before, filled, after: megabytes() };
await store.close?.();
const result = { importSeconds, memory, lookUp, page, search, counts, registration, registrationsPerSecond, fsyncs };
process.stdout.write(`${JSON.stringify(result)}\n`);
