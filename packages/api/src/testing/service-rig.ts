import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AttemptLog, createOperator, type Engine, MemoryStore } from "@rollcall/engine";
import { formatSas, signSas } from "@rollcall/protocol";
import { createDeviceApi } from "../device-api.js";
import { deviceServerOptions } from "../http-server.js";
import { createManagementApi } from "../management-api.js";
import { sasAuthorizer } from "../service-authorization.js";
import { sampleInfo } from "./sample-info.js";
import { checkedFetch } from "./strict-answers.js";

export const NOW = Date.UTC(2026, 10, 22, 9, 15, 2);
const TOKEN = "a-management-token";
export const keys = { owner: Buffer.alloc(32, 1), second: Buffer.alloc(32, 2), reader: Buffer.alloc(32, 3) };

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A token in the form in which an SDK sends it. */
export function sas(
  over: { key?: Uint8Array; resource?: string; expiry?: number; policy?: string | undefined } = {},
): string {
  const { key = keys.owner, resource = "my-dps.test", expiry = NOW / 1000 + 60 } = over;
  const keyName = "policy" in over ? over.policy : "provisioningserviceowner";
  const signature = signSas(key, resource, String(Math.floor(expiry)));
  return formatSas({ resource, expiry: Math.floor(expiry), signature, ...(keyName !== undefined && { keyName }) });
}

/** Both listeners with a real operator over a memory store; the engine for devices only records that it was called. */
export async function serviceRig() {
  const store = new MemoryStore();
  const clock = () => NOW;
  const hub = { host: "hub-a.test", weight: 1, applyAllocationPolicy: true };
  const hubs = { linked: () => [hub] };
  const clusterSecret = Buffer.alloc(32, 9);
  const operator = createOperator({ store, hubs, clock, random: randomBytes, clusterSecret });
  const faults: unknown[] = [];
  const onFault = (fault: unknown) => faults.push(fault);
  const asked: string[] = [];
  const answer =
    (operation: string): Engine["register"] =>
    async ({ registrationId, attempt }) => {
      asked.push(`${operation} ${registrationId}`);
      return { status: 200, trackingId: attempt.trackingId, body: { registrationId, status: "assigned" } };
    };
  const engine: Engine = {
    idScope: "0ne00000000",
    admit: async () => ({ kind: "admitted" }),
    register: answer("register"),
    operationStatus: (request) => answer("operationStatus")({ ...request, body: new Uint8Array() }),
    lookUp: answer("lookUp"),
  };
  const policies = [
    {
      name: "provisioningserviceowner",
      permissions: ["EnrollmentRead", "EnrollmentWrite", "RegistrationStatusRead", "RegistrationStatusWrite"],
      keys: [keys.owner, keys.second],
    },
    { name: "reader", permissions: ["EnrollmentRead"], keys: [keys.reader] },
  ] as const;
  const authorize = sasAuthorizer({ policies, hosts: ["My-DPS.test", "::1", "127.0.0.1"], clock });
  const attempts = new AttemptLog(clock);
  const connection = {
    acceptedAt: NOW,
    securedAt: NOW,
    transport: "http",
    remote: "r",
    loopback: true,
    presented: () => [],
  } as const;
  const deviceApi = await createDeviceApi({
    ...{ engine, attempts, clock, onFault, retryAfterSeconds: 3 },
    connectionOf: () => connection,
    service: { operator, authorize },
  });
  let dashboard = "";
  const management = await createManagementApi({
    ...{ attempts, clock, onFault, operator },
    port: () => Number(new URL(dashboard).port),
    info: () => sampleInfo,
    ca: () => "",
    credentials: async () => [],
    ready: () => true,
    stop: () => undefined,
    token: TOKEN,
  });
  const servers = [createServer(deviceServerOptions, deviceApi.handler), createServer(management.handler)] as const;
  const https = await listen(servers[0]);
  dashboard = await listen(servers[1]);

  const send =
    (base: string) =>
    async (path: string, { method = "GET", headers = {}, body }: Sent = {}) => {
      const response = await checkedFetch(base + path, { method, headers, ...(body !== undefined && { body }) });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as unknown };
    };
  return {
    operator,
    store,
    faults,
    asked,
    dashboard,
    /** Sends a request like a service SDK. */
    sdk: (path: string, sent: Sent = {}) =>
      send(https)(`${path}?api-version=2021-10-01`, { ...sent, headers: { authorization: sas(), ...sent.headers } }),
    https: send(https),
    owner: (path: string, sent: Sent = {}) =>
      send(dashboard)(path, { ...sent, headers: { authorization: `Bearer ${TOKEN}`, ...sent.headers } }),
    dashboardRequest: send(dashboard),
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      await deviceApi.close();
      await management.close();
    },
  };
}
