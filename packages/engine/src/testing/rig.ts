import { randomBytes } from "node:crypto";
import {
  type ClientConnection,
  deriveDeviceKey,
  type EnrollmentGroupInput,
  formatSas,
  type IndividualEnrollmentInput,
  type LinkedHub,
  seedSchema,
  signSas,
} from "@rollcall/protocol";
import { AttemptLog } from "../attempts/attempt-log.js";
import type { Credentials, DeviceRequest } from "../attempts/engine-types.js";
import { createEngine } from "../engine.js";
import { loadSeed } from "../enrollments/load-seed.js";
import { MemoryStore } from "../memory/memory-store.js";
import type { EngineOptions } from "../registration/context.js";

const SCOPE = "0ne00000000";
/** 2026-11-23T00:00:00Z */
const START = Date.UTC(2026, 10, 23);

interface RigOptions {
  readonly enrollments?: readonly IndividualEnrollmentInput[];
  readonly enrollmentGroups?: readonly EnrollmentGroupInput[];
  readonly hubs?: readonly LinkedHub[];
  readonly engine?: Partial<EngineOptions>;
}

/** An engine over a memory store, without sockets, with a clock that tests set. */
export async function engineRig(options: RigOptions = {}) {
  const clock = { now: START };
  const store = new MemoryStore();
  const hubs = { list: options.hubs ?? [{ host: "127.0.0.1", weight: 1, applyAllocationPolicy: true }] };
  const failures: unknown[] = [];
  const engine = createEngine({
    idScope: SCOPE,
    store,
    hubs: { linked: () => hubs.list },
    allocator: {
      ask: async () => {
        throw new Error("this test has no webhook");
      },
    },
    clock: () => clock.now,
    random: randomBytes,
    clusterSecret: Buffer.alloc(32, 7),
    retryAfterSeconds: 3,
    assigningForMs: 0,
    onFailure: (error) => failures.push(error),
    ...options.engine,
  });
  const attempts = new AttemptLog(() => clock.now);
  const etag = () => randomBytes(6).toString("hex");
  /** Changes enrollments like an operator's edit. */
  const load = (seed: Pick<RigOptions, "enrollments" | "enrollmentGroups">) =>
    loadSeed(
      store,
      seedSchema.parse({ enrollments: seed.enrollments ?? [], enrollmentGroups: seed.enrollmentGroups ?? [] }),
      { now: clock.now, random: randomBytes, etag },
      "replace",
    );
  await load(options);

  const request = (
    registrationId: string,
    over: {
      credentials?: Credentials;
      chain?: readonly Uint8Array[];
      apiVersion?: string | undefined;
      idScope?: string;
    } = {},
  ): DeviceRequest => {
    const connection = fakeConnection(clock.now, over.chain ?? []);
    const attempt = attempts.begin({
      at: "service",
      registrationId,
      transport: "mqtt",
      remote: connection.remote,
      acceptedAt: clock.now,
    });
    return {
      idScope: over.idScope ?? SCOPE,
      registrationId,
      apiVersion: "apiVersion" in over ? over.apiVersion : "2019-03-31",
      credentials: over.credentials ?? { kind: "tls" },
      connection,
      attempt,
    };
  };
  const body = (value: unknown = {}) => Buffer.from(JSON.stringify(value));
  return { engine, store, attempts, clock, hubs, failures, load, request, body };
}

function fakeConnection(now: number, chain: readonly Uint8Array[]): ClientConnection {
  return {
    acceptedAt: now,
    securedAt: now,
    transport: "mqtt",
    remote: "127.0.0.1:40000",
    loopback: true,
    presented: () => chain,
  };
}

interface TokenOptions {
  readonly resource?: string;
  readonly expiry?: number;
  readonly keyName?: string;
}

/** A token in the form in which a device sends it. */
export function sas(key: Uint8Array, registrationId: string, options: TokenOptions = {}): Credentials {
  const resource = options.resource ?? `${SCOPE}%2Fregistrations%2F${encodeURIComponent(registrationId)}`;
  const expiry = options.expiry ?? Math.floor(START / 1000) + 3600;
  const signature = signSas(key, resource, String(expiry));
  return { kind: "sas", token: formatSas({ resource, expiry, signature, keyName: options.keyName ?? "registration" }) };
}

/** The key of a device of a group; `groupKey` is base64. */
export function derivedKey(groupKey: string, registrationId: string): Buffer {
  return deriveDeviceKey(Buffer.from(groupKey, "base64"), registrationId);
}
