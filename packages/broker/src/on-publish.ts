import type { Visit } from "@rollcall/engine";
import type { HubDevice, TwinReply } from "@rollcall/hub";
import {
  finding,
  formatReplyTopic,
  formatTwinReplyTopic,
  type HubTopic,
  type ProvisioningTopic,
  parseHubTopic,
  parseProvisioningTopic,
  type Reply,
} from "@rollcall/protocol";
import type { PublishPacket } from "./aedes/mqtt-types.js";
import { closeDeleted } from "./close-deleted.js";
import type { Connection, Session } from "./connection.js";
import type { BrokerContext } from "./context.js";
import { Refusal } from "./refusal.js";
import { sendReply, sendTwinReply } from "./reply.js";
import type { Work } from "./turns.js";

type Done = (error?: Error | null) => void;

/** With more unanswered requests than this, the connection is not read any further. */
const HELD = 32;
/** With more unanswered requests than this, the connection is closed: a single read may contain that many. */
const TOO_MANY = 1000;
/** The same limit for a client that has not proved anything yet. */
const TOO_MANY_UNPROVED = 64;

/**
 * Handles an authorized PUBLISH. Aedes has written the PUBACK already, so that it is sent before the reply
 * (wire.md#reply-order: .NET fails otherwise).
 */
export function onPublish(packet: PublishPacket, connection: Connection, context: BrokerContext, done: Done): void {
  const asked = workOf(packet, connection, context);
  // A failure here is an internal error, and must affect only this device.
  const work = asked && (() => asked().catch((error: unknown) => context.log.error("a reply failed", error)));
  const count = connection.turns.size;
  if (!work || isLeftBehind(connection)) {
    done();
  } else if (count >= (connection.hasProved ? TOO_MANY : TOO_MANY_UNPROVED)) {
    connection.attempt?.add(finding("protocol.tooManyRequests", { values: { count } }));
    done(new Refusal("too many requests"));
  } else if (count >= HELD) {
    connection.turns.add(work, done);
  } else {
    connection.turns.add(work);
    done();
  }
}

/**
 * An unauthenticated client that disconnects gets one pending request served (mosquitto_pub leaves after PUBACK);
 * further requests are dropped.
 */
function isLeftBehind({ closed, hasProved, turns }: Connection): boolean {
  return closed && !hasProved && turns.size > 0;
}

/** The work that a PUBLISH requires; undefined when there is nothing to do. */
function workOf(packet: PublishPacket, connection: Connection, context: BrokerContext): Work | undefined {
  // The session that authorized the PUBLISH: the client may have left after the PUBACK (mosquitto_pub).
  const session = connection.entered;
  const body = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
  if (session?.kind === "provisioning") {
    const asked = parseProvisioningTopic(packet.topic);
    // Java publishes at QoS 0 and starts to listen only then: it misses a reply within a millisecond, which costs it a
    // minute.
    const pauseMs = packet.qos === 0 ? context.times.quickReply : 0;
    return asked && (() => answerProvisioning(connection, { session, asked, body, pauseMs }));
  }
  if (!session) return undefined;
  const asked = parseHubTopic(packet.topic);
  if (asked?.operation === "telemetry") context.hub.countTelemetry(session.device);
  if (asked?.operation !== "twinGet" && asked?.operation !== "twinReported") return undefined;
  return () => answerTwin(connection, { device: session.device, asked, body }, context);
}

interface ProvisioningRequest {
  readonly session: ProvisioningSession;
  readonly asked: ProvisioningTopic;
  readonly body: Uint8Array;
  /** Milliseconds before the reply is sent. */
  readonly pauseMs: number;
}

type ProvisioningSession = Extract<Session, { kind: "provisioning" }>;

async function answerProvisioning(connection: Connection, request: ProvisioningRequest): Promise<void> {
  const { session, asked, pauseMs } = request;
  const { visit } = connection;
  if (!visit) return;
  const reply = await replyTo(visit, request);
  const { attempt } = visit;
  if (reply.status < 300 && !session.challengeOnly) {
    connection.hasProved = true;
    connection.endDeadline();
  }
  // A client that sends more requests at once is not waiting for this reply yet.
  const mayPause = pauseMs > 0 && !connection.closed && connection.turns.size === 1;
  if (mayPause) await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
  const topic = formatReplyTopic({ status: reply.status, rid: asked.rid, retryAfter: reply.retryAfter });
  sendReply(connection, { topic, body: reply.body, rid: asked.rid }, attempt);
}

function replyTo(visit: Visit, { session, asked, body }: ProvisioningRequest): Promise<Reply> {
  if (asked.operation === "register") return visit.register(session.request, body);
  return visit.operationStatus(session.request, asked.operationId);
}

interface TwinRequest {
  readonly device: HubDevice;
  readonly asked: Extract<HubTopic, { operation: "twinGet" | "twinReported" }>;
  readonly body: Uint8Array;
}

async function answerTwin(connection: Connection, request: TwinRequest, context: BrokerContext): Promise<void> {
  const { asked } = request;
  const reply = await twinReplyTo(connection, request, context);
  const topic = formatTwinReplyTopic({ status: reply.status, rid: asked.rid, version: reply.version });
  connection.attempt?.step(asked.operation);
  // The device was deleted elsewhere: by another node, or because it moved to a different hub.
  const sent = () => (reply.status === 404 ? closeDeleted(connection, request.device) : undefined);
  sendTwinReply(connection, { topic, body: reply.body, rid: asked.rid }, sent);
}

function twinReplyTo(connection: Connection, request: TwinRequest, { hub }: BrokerContext): Promise<TwinReply> {
  const { device, asked, body } = request;
  const trackingId = connection.attempt?.trackingId;
  if (asked.operation === "twinGet") return hub.twin(device, trackingId);
  return hub.patchReported(device, body, { baseVersion: asked.baseVersion, trackingId });
}
