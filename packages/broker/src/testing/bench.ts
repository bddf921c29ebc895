import { type AddressInfo, createServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { type Admission, type Attempt, AttemptLog, type DeviceRequest, type Engine } from "@rollcall/engine";
import { createHub, type DeviceStore, type Hub } from "@rollcall/hub";
import {
  type ClientConnection,
  type DeviceIdentity,
  errorBody,
  formatSas,
  type HubAuthentication,
  type HubSession,
  hubResource,
  type ModuleIdentity,
  type Reply,
  type SessionChange,
  signSas,
  type Twin,
} from "@rollcall/protocol";
import { createBroker } from "../broker.js";
import type { Broker, BrokerOptions } from "../broker-types.js";

export const SCOPE = "0ne00000001";
export const HUB = "127.0.0.1";
const KEY = Buffer.alloc(32, 7);

/** A small engine: it refuses or challenges the registration ids of those names, and returns the registration id. */
export class FakeEngine implements Engine {
  readonly idScope = SCOPE;
  readonly asked: string[] = [];
  readonly bodies: Uint8Array[] = [];
  /** Registrations wait for this promise. */
  gate: Promise<void> = Promise.resolve();
  admission: (request: DeviceRequest) => Promise<Admission> = async () => ({ kind: "admitted" });

  async admit(request: DeviceRequest): Promise<Admission> {
    this.asked.push(`admit ${request.registrationId} ${request.credentials.kind}`);
    return await this.admission(request);
  }

  async register(request: DeviceRequest & { readonly body: Uint8Array }): Promise<Reply> {
    const { registrationId, attempt } = request;
    this.asked.push(`register ${registrationId}`);
    this.bodies.push(request.body);
    await this.gate;
    if (registrationId === "broken") throw new Error("planted");
    if (registrationId === "faulty") return faultOf(attempt);
    attempt.outcome = "accepted";
    const body = { operationId: `op-${registrationId}`, status: "assigning" as const };
    return { status: 202, retryAfter: 3, body, trackingId: attempt.trackingId };
  }

  async operationStatus(request: DeviceRequest & { readonly operationId: string }): Promise<Reply> {
    const { registrationId, operationId, attempt } = request;
    this.asked.push(`poll ${registrationId} ${operationId}`);
    attempt.outcome = "assigned";
    const registrationState = {
      registrationId,
      status: "assigned" as const,
      assignedHub: "h\u00fcb.test",
      deviceId: registrationId,
    };
    return {
      status: 200,
      body: { operationId, status: "assigned", registrationState },
      trackingId: attempt.trackingId,
    };
  }

  async softwareUpdate({ attempt }: DeviceRequest): Promise<Reply> {
    const { trackingId } = attempt;
    return {
      status: 409,
      trackingId,
      body: errorBody("updateAccountNotLinked", { trackingId, now: new Date(0) }),
    };
  }

  async lookUp(): Promise<Reply> {
    throw new Error("not over MQTT");
  }
}

/** The answer of an engine for an internal error. */
function faultOf({ trackingId }: Attempt): Reply {
  const body = errorBody("internal", { trackingId, now: new Date(0) });
  return { status: 500, retryAfter: 3, trackingId, body };
}

/** The devices and twins of one hub. */
export class FakeDevices implements DeviceStore {
  readonly #identities = new Map<string, DeviceIdentity>();
  readonly #twins = new Map<string, Twin>();
  /** True: fails like a store that cannot be reached. */
  isBroken = false;
  /** By place: only looked up. */
  readonly knownModules = new Map<string, ModuleIdentity>();
  readonly modules: DeviceStore["modules"] = {
    list: async () => [...this.knownModules.values()],
    get: async (_hub, deviceId, moduleId) => this.knownModules.get(`${deviceId}/${moduleId}`),
    put: async () => false,
    remove: async () => "missing",
  };

  add(deviceId: string, authentication?: HubAuthentication): void {
    const key = { type: "symmetricKey" as const, primaryKey: KEY.toString("base64") };
    const base = { hub: HUB, deviceId };
    this.#identities.set(deviceId, {
      ...base,
      registrationId: deviceId,
      authentication: authentication ?? key,
      iotEdge: false,
      status: "enabled",
      createdAt: 0,
    });
    const sides = {
      desired: { interval: 5 },
      desiredVersion: 1,
      desiredUpdatedAt: 0,
      reported: {},
      reportedVersion: 1,
      reportedUpdatedAt: 0,
    };
    this.#twins.set(deviceId, { ...base, tags: {}, ...sides, etag: "first" });
  }

  async deviceIdentity(_hub: string, deviceId: string): Promise<DeviceIdentity | undefined> {
    if (this.isBroken) throw new Error("planted");
    return this.#identities.get(deviceId);
  }

  readonly sessions = new Map<string, HubSession>();
  /** As a store that takes no writes. */
  takesNoSessions = false;

  async deviceAndSession(hub: string, deviceId: string) {
    const identity = await this.deviceIdentity(hub, deviceId);
    const session = this.sessions.get(deviceId);
    return identity && { identity, ...(session && { session }) };
  }

  async replaceSession(_hub: string, deviceId: string, { expected, next }: SessionChange): Promise<boolean> {
    if (this.takesNoSessions) throw new Error("planted");
    if (JSON.stringify(this.sessions.get(deviceId)) !== JSON.stringify(expected)) return false;
    if (next) this.sessions.set(deviceId, next);
    else this.sessions.delete(deviceId);
    return true;
  }

  async twin(_hub: string, deviceId: string): Promise<Twin | undefined> {
    if (this.isBroken) throw new Error("planted");
    return this.#twins.get(deviceId);
  }

  async removeDevice(_hub: string, deviceId: string): Promise<boolean> {
    this.#twins.delete(deviceId);
    this.sessions.delete(deviceId);
    return this.#identities.delete(deviceId);
  }

  async updateTwin(twin: Twin, expectedEtag: string): Promise<boolean> {
    if (this.#twins.get(twin.deviceId)?.etag !== expectedEtag) return false;
    this.#twins.set(twin.deviceId, twin);
    return true;
  }
}

/** A broker behind a plain port. */
export interface Bench {
  readonly port: number;
  readonly broker: Broker;
  readonly engine: FakeEngine;
  readonly devices: FakeDevices;
  readonly hub: Hub;
  readonly attempts: AttemptLog;
  readonly errors: string[];
  close(): Promise<void>;
}

export async function openBench(options: Partial<BrokerOptions> = {}): Promise<Bench> {
  const engine = new FakeEngine();
  const devices = new FakeDevices();
  const clock = () => Date.now();
  const attempts = new AttemptLog(clock);
  const errors: string[] = [];
  const hub = createHub({
    store: devices,
    clock,
    onFailure: (error) => void errors.push(String(error)),
    hubs: { linked: () => [{ host: HUB, weight: 1, applyAllocationPolicy: true }] },
  });
  const log = { debug: () => undefined, error: (message: string) => void errors.push(message) };
  const parts = { engine, hub, attempts, clock, log };
  const broker = await createBroker({ ...parts, tpmOverMqtt: () => true, ...options });
  const server = createServer({ noDelay: true }, (socket) => broker.handleConnection(socket, peerOf(socket)));
  await listen(server);
  return {
    ...{ broker, engine, devices, hub, attempts, errors },
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await broker.close();
      await closed;
    },
  };
}

export function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

export function peerOf(_stream: Duplex, transport: ClientConnection["transport"] = "mqtt"): ClientConnection {
  const now = Date.now();
  return { acceptedAt: now, securedAt: now, transport, remote: "127.0.0.1:1", loopback: true, presented: () => [] };
}

export function provisioningUser(registrationId: string): { readonly clientId: string; readonly username: string } {
  return {
    clientId: registrationId,
    username: `${SCOPE}/registrations/${registrationId}/api-version=2019-03-31&ClientVersion=test`,
  };
}

/** CONNECT of a device at its hub. */
export function hubUser(
  deviceId: string,
  key: Buffer = KEY,
): { readonly clientId: string; readonly username: string; readonly password: Buffer } {
  const resource = encodeURIComponent(hubResource(HUB, deviceId));
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const password = Buffer.from(formatSas({ resource, expiry, signature: signSas(key, resource, String(expiry)) }));
  return { clientId: deviceId, username: `${HUB}/${deviceId}/?api-version=2021-04-12`, password };
}

/** Waits until a condition is true. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 4000) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the broker has no connection, session or timer. */
export async function untilEmpty(broker: Broker): Promise<void> {
  await until(() => Object.values(broker.stats()).every((count) => count === 0), "the broker is empty");
}
