import {
  DEVICE_API_VERSION,
  type DeviceRegistration,
  formatProvisioningUserName,
  type HubTransport,
  provisioningResource,
  topics,
  transportRows,
} from "@rollcall/protocol";
import { provings } from "../attestation/provings.js";
import { awaitAssignment } from "./await-assignment.js";
import { answerChallenge, takeHubKey } from "./challenge.js";
import type { Exchange } from "./exchange.js";
import type { MqttReply, MqttSession } from "./mqtt-session.js";
import { clientVersion, openMqtt } from "./open-mqtt.js";
import type { RegisterOptions } from "./options.js";
import type { AssignedState } from "./result.js";
import { tokenFor } from "./tokens.js";
import { readBody, readRetryAfter, type WireReply } from "./wire-reply.js";

export type MqttRegisterOptions = RegisterOptions & { readonly transport: HubTransport };

const keepaliveSeconds = 180;
/** Keepalive of a connection that only asks for a TPM challenge (attestation.md#mqtt). */
const challengeKeepaliveSeconds = 30;

/** Registers over MQTT; a TPM needs two connections, which is a Rollcall extension. */
export async function registerOverMqtt(exchange: Exchange, options: MqttRegisterOptions): Promise<AssignedState> {
  const { identity, registrationId, payload } = options;
  const { twoRequests } = provings[identity.kind];
  const member = await twoRequests?.member(identity);
  if (twoRequests) await challenge(exchange, options, { registrationId, ...member });
  const body = { registrationId, ...member, ...(payload !== undefined && { payload }) };
  const state = await converse(exchange, options, body);
  if (twoRequests) await takeHubKey(identity, state);
  return state;
}

/** First connection of a TPM: one request without credentials, whose answer is the challenge. */
async function challenge(exchange: Exchange, options: MqttRegisterOptions, body: DeviceRegistration): Promise<void> {
  const session = await open(exchange, options, { keepalive: challengeKeepaliveSeconds });
  try {
    await exchange.timer.time("suback", () => session.subscribe(topics.replies));
    await exchange.timer.time("challenge", async () => {
      await answerChallenge(
        options.identity,
        await ask(exchange, session, { topic: topics.register, body: JSON.stringify(body) }),
      );
    });
  } finally {
    await session.close();
  }
}

async function converse(
  exchange: Exchange,
  options: MqttRegisterOptions,
  body: DeviceRegistration,
): Promise<AssignedState> {
  const resource = provisioningResource(options.target.idScope, options.registrationId);
  const password = await tokenFor(options.identity, { resource, now: exchange.now(), named: true });
  const session = await open(exchange, options, { keepalive: keepaliveSeconds, password });
  try {
    await exchange.timer.time("suback", () => session.subscribe(topics.replies));
    return await awaitAssignment(exchange, {
      register: () => ask(exchange, session, { topic: topics.register, body: JSON.stringify(body) }),
      operationStatus: (operationId) =>
        ask(exchange, session, {
          topic: topics.operationStatus,
          query: `&operationId=${encodeURIComponent(operationId)}`,
        }),
    });
  } finally {
    await session.close();
  }
}

function open(
  exchange: Exchange,
  options: MqttRegisterOptions,
  login: { keepalive: number; password?: string | undefined },
): Promise<MqttSession> {
  const { target, registrationId, transport, identity } = options;
  const apiVersion = options.apiVersion ?? DEVICE_API_VERSION;
  const username = formatProvisioningUserName({ idScope: target.idScope, registrationId, apiVersion, clientVersion });
  return openMqtt(exchange, options, {
    host: target.host,
    port: target.port ?? transportRows[transport].defaultPort,
    ca: target.ca,
    transport,
    identity,
    login: { clientId: registrationId, username, ...login },
  });
}

async function ask(
  exchange: Exchange,
  session: MqttSession,
  message: { topic: string; query?: string; body?: string },
): Promise<WireReply> {
  // An empty body is one space, as in the SDKs of Node and Python.
  const reply = await session.request(
    (rid) => `${message.topic}?$rid=${rid}${message.query ?? ""}`,
    message.body ?? " ",
  );
  return wireReply(reply, exchange.now());
}

function wireReply({ status, query, payload }: MqttReply, now: number): WireReply {
  return { status, ...readRetryAfter(query.get("retry-after"), now), body: readBody(payload, status) };
}
