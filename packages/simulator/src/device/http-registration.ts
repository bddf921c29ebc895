import {
  DEVICE_API_VERSION,
  type DeviceRegistration,
  formatPath,
  provisioningResource,
  routes,
  transportRows,
} from "@rollcall/protocol";
import { provings } from "../attestation/provings.js";
import { awaitAssignment } from "./await-assignment.js";
import { answerChallenge, takeHubKey } from "./challenge.js";
import type { Exchange } from "./exchange.js";
import { type HttpRequest, HttpsSession } from "./https-session.js";
import type { RegisterOptions } from "./options.js";
import type { AssignedState } from "./result.js";
import { connectTls, deviceContext, inTurn } from "./tls-connect.js";
import { tokenFor } from "./tokens.js";
import { readBody, readRetryAfter, type WireReply } from "./wire-reply.js";

/** Registers over HTTPS (wire.md#https), with all requests on one connection. */
export async function registerOverHttp(exchange: Exchange, options: RegisterOptions): Promise<AssignedState> {
  const session = openSession(exchange, options);
  try {
    return await converse(exchange, session, options);
  } finally {
    session.close();
  }
}

function openSession(exchange: Exchange, options: RegisterOptions): HttpsSession {
  const { target, identity } = options;
  const { signal } = exchange;
  const port = target.port ?? transportRows.http.defaultPort;
  const context = deviceContext(target.ca, identity, options);
  const connect = () => inTurn(exchange, options, () => connectTls({ host: target.host, port, context, signal }));
  return new HttpsSession({ host: target.host, port, signal, connect });
}

async function converse(exchange: Exchange, session: HttpsSession, options: RegisterOptions): Promise<AssignedState> {
  const { identity, registrationId, target, payload } = options;
  const { twoRequests } = provings[identity.kind];
  const member = await twoRequests?.member(identity);
  const body: DeviceRegistration = { registrationId, ...member, ...(payload !== undefined && { payload }) };
  const send = sender(exchange, session, options);
  const register = { operation: "register", body: JSON.stringify(body) } as const;
  if (twoRequests) {
    await session.ready();
    await exchange.timer.time("challenge", async () => answerChallenge(identity, await send(register)));
  }
  const resource = provisioningResource(target.idScope, registrationId);
  const authorization = await tokenFor(identity, { resource, now: exchange.now(), named: true });
  const state = await awaitAssignment(exchange, {
    ready: () => session.ready(),
    register: () => send({ ...register, authorization }),
    operationStatus: (operationId) => send({ operation: "operationStatus", operationId, authorization }),
  });
  if (twoRequests) await takeHubKey(identity, state);
  return state;
}

type Send = (message: {
  readonly operation: "register" | "operationStatus";
  readonly operationId?: string;
  readonly body?: string;
  readonly authorization?: string | undefined;
}) => Promise<WireReply>;

function sender(
  exchange: Exchange,
  session: HttpsSession,
  { target, registrationId, apiVersion }: RegisterOptions,
): Send {
  const query = `?api-version=${encodeURIComponent(apiVersion ?? DEVICE_API_VERSION)}`;
  return async ({ operation, operationId, body, authorization }) => {
    const route = routes[operation];
    const names = { idScope: target.idScope, registrationId, ...(operationId !== undefined && { operationId }) };
    const message: HttpRequest = {
      method: route.method,
      path: formatPath(route.path, names) + query,
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json; charset=utf-8" }),
        ...(authorization !== undefined && { authorization }),
      },
      ...(body !== undefined && { body }),
    };
    const reply = await session.send(message);
    const retryAfter = readRetryAfter(reply.headers["retry-after"], exchange.now());
    return { status: reply.status, ...retryAfter, body: readBody(reply.body, reply.status) };
  };
}
