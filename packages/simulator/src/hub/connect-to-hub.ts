import {
  DEFAULT_TRANSPORT,
  formatHubUserName,
  HUB_API_VERSION,
  hubResource,
  type JsonObject,
  parseJson,
  topics,
  transportRows,
} from "@rollcall/protocol";
import { z } from "zod";
import { type Exchange, runExchange } from "../device/exchange.js";
import type { MqttReply, MqttSession } from "../device/mqtt-session.js";
import { clientVersion, openMqtt } from "../device/open-mqtt.js";
import { PhaseTimer } from "../device/phases.js";
import { NoAnswerError } from "../device/result.js";
import { tokenFor } from "../device/tokens.js";
import { readBody, refusalOf } from "../device/wire-reply.js";
import type { DeviceTwin, HubOptions, HubResult } from "./options.js";

const keepaliveSeconds = 180;

/**
 * One connection of a device to its hub: connect, read the twin, report, send telemetry, disconnect. Rejects only when
 * the caller aborts or the identity cannot be used.
 */
export function connectToHub(options: HubOptions): Promise<HubResult> {
  return runExchange(options, async (exchange) => {
    const session = await open(exchange, options);
    try {
      return await visit(exchange, session, options);
    } finally {
      await session.close();
    }
  });
}

async function open(exchange: Exchange, options: HubOptions): Promise<MqttSession> {
  const { assignedHub, deviceId, identity, ca, transport = DEFAULT_TRANSPORT } = options;
  const apiVersion = options.apiVersion ?? HUB_API_VERSION;
  const resource = hubResource(assignedHub, deviceId);
  const password = await tokenFor(identity, { resource, now: exchange.now(), named: false });
  const username = formatHubUserName({ hub: assignedHub, deviceId, apiVersion, clientVersion });
  const login = { clientId: deviceId, username, keepalive: keepaliveSeconds, password };
  const port = options.port ?? transportRows[transport].defaultPort;
  exchange.timer.current = "hubConnect";
  // The parts are timed separately, so that waiting for a place to connect counts for none of them.
  const parts = new PhaseTimer();
  const address = { host: assignedHub, port, ca, transport, identity, login };
  const session = await openMqtt({ ...exchange, timer: parts }, options, address);
  exchange.timer.add("hubConnect", (parts.times.tls ?? 0) + (parts.times.connack ?? 0));
  return session;
}

async function visit(exchange: Exchange, session: MqttSession, options: HubOptions) {
  const twin = await exchange.timer.time("twin", async () => {
    await session.subscribe(topics.twinReplies);
    return readTwin(await session.request((rid) => `${topics.twinGet}?$rid=${rid}`, " "));
  });
  const version = options.reported === undefined ? undefined : await report(session, options.reported);
  const telemetry = options.telemetry ?? [];
  for (const message of telemetry) await session.publish(telemetryTopic(options.deviceId), JSON.stringify(message));
  const reported = version === undefined ? {} : { reportedVersion: version };
  return { outcome: "connected" as const, twin, ...reported, telemetrySent: telemetry.length };
}

/** The hub's topic for telemetry, with two properties that declare the body as UTF-8 JSON. */
function telemetryTopic(deviceId: string): string {
  return `devices/${encodeURIComponent(deviceId)}/messages/events/$.ct=application%2Fjson&$.ce=utf-8`;
}

async function report(session: MqttSession, reported: JsonObject): Promise<number | undefined> {
  const reply = await session.request((rid) => `${topics.twinReported}?$rid=${rid}`, JSON.stringify(reported));
  accept(reply);
  const version = Number(reply.query.get("$version"));
  return Number.isSafeInteger(version) ? version : undefined;
}

const twinSchema = z.looseObject({ desired: z.record(z.string(), z.json()), reported: z.record(z.string(), z.json()) });

function readTwin(reply: MqttReply): DeviceTwin {
  accept(reply);
  const json = parseJson(reply.payload);
  const twin = twinSchema.safeParse(json.ok ? json.value : undefined);
  if (!twin.success) throw new NoAnswerError("the hub's answer is not a twin: desired or reported is missing");
  return { desired: twin.data.desired, reported: twin.data.reported };
}

function accept(reply: MqttReply): void {
  if (reply.status < 300) return;
  throw refusalOf({ status: reply.status, body: readBody(reply.payload, reply.status) });
}
