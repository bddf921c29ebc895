import { type AttemptFacts, Visit } from "@rollcall/engine";
import { type Finding, finding, idKey, parseHubV5UserName, parseUserName, type UserName } from "@rollcall/protocol";
import { type ConnackReason, connackCodes } from "./connack.js";
import type { Connection, Session } from "./connection.js";
import type { BrokerContext } from "./context.js";

/** Decides a CONNECT: the device's identity, its proof, and the CONNACK. Notes everything in an attempt. */
export async function decideConnect(
  connection: Connection,
  userName: string | undefined,
  password: Buffer | undefined,
  context: BrokerContext,
): Promise<ConnackReason> {
  const name = parseUserName(userName ?? "");
  const visit = begin(connection, subject(name, connection.clientId), context);
  // An empty password counts as absent: some clients set the flag and send no bytes.
  const token = password && password.length > 0 ? password.toString("utf8") : undefined;
  if (name.kind === "malformed") {
    const details = { values: { reason: name.reason }, got: userName ?? "" };
    return refuse(visit, "credentials", [finding("protocol.userNameMalformed", details)]);
  }
  const wrongId = clientIdFinding(name, connection.clientId);
  if (wrongId) return refuse(visit, "identifier", [wrongId]);
  if (name.kind === "hub") return await connectHub(connection, { visit, name, token }, context);
  return await connectProvisioning(connection, { visit, name, token }, context);
}

/** Notes the findings and the CONNACK of a refusal in the attempt. */
function refuse(visit: Visit, reason: Exclude<ConnackReason, "accepted">, findings: readonly Finding[]): ConnackReason {
  visit.turnAway(findings, { connack: connackCodes[reason] });
  visit.attempt.step("connack");
  return reason;
}

/** Notes an attempt for a CONNECT that is refused for its protocol level; CONNACK 1 is sent elsewhere. */
export function beginUnread(
  connection: Connection,
  packet: { readonly userName: string | undefined; readonly level: number },
  context: BrokerContext,
): void {
  const { userName = "", level } = packet;
  const got = `level ${level}`;
  const hubV5 = parseHubV5UserName(userName);
  if (hubV5) {
    const visit = begin(connection, { at: "hub", registrationId: connection.clientId, ...hubV5 }, context);
    refuse(visit, "protocolLevel", [finding("hub.mqttV5Unsupported", { expected: "classic", got: "mqttV5" })]);
    return;
  }
  const visit = begin(connection, subject(parseUserName(userName), connection.clientId), context);
  refuse(visit, "protocolLevel", [finding("protocol.mqttVersionUnsupported", { values: { level }, got })]);
}

/** Begins the attempt of a connection. */
function begin(connection: Connection, about: Subject, context: BrokerContext): Visit {
  const { peer } = connection;
  const facts = {
    ...about,
    transport: peer.transport,
    remote: peer.remote,
    acceptedAt: peer.acceptedAt,
    securedAt: peer.securedAt,
  };
  const visit = new Visit(facts, context);
  visit.attempt.step("connect");
  connection.visit = visit;
  return visit;
}

/** Facts about an attempt that come from the user name and the client id. */
type Subject = Pick<AttemptFacts, "at" | "registrationId" | "idScope" | "apiVersion" | "clientVersion">;

function subject(name: UserName, clientId: string): Subject {
  if (name.kind === "malformed") return { at: "service", registrationId: clientId };
  if (name.kind === "hub") {
    return {
      at: "hub",
      registrationId: name.deviceId,
      ...(name.apiVersion && { apiVersion: name.apiVersion }),
    };
  }
  return {
    at: "service",
    registrationId: name.registrationId,
    idScope: name.idScope,
    ...(name.apiVersion && { apiVersion: name.apiVersion }),
    ...(name.clientVersion && { clientVersion: name.clientVersion }),
  };
}

/**
 * Checks that the client id is the registration id, or at the hub the device id, as for every client (wire.md#connect,
 * wire.md#hub-connect).
 */
function clientIdFinding(name: Exclude<UserName, { kind: "malformed" }>, clientId: string): Finding | undefined {
  const expected = name.kind === "provisioning" ? name.registrationId : hubClientId(name);
  const same = name.kind === "provisioning" ? idKey(expected) === idKey(clientId) : expected === clientId;
  return same ? undefined : finding("protocol.clientIdMismatch", { expected, got: clientId });
}

function hubClientId(name: Extract<UserName, { kind: "hub" }>): string {
  return name.moduleId === undefined ? name.deviceId : `${name.deviceId}/${name.moduleId}`;
}

interface Claim<Kind> {
  readonly visit: Visit;
  readonly name: Extract<UserName, { kind: Kind }>;
  readonly token: string | undefined;
}

async function connectProvisioning(
  connection: Connection,
  claim: Claim<"provisioning">,
  context: BrokerContext,
): Promise<ConnackReason> {
  const { visit, name, token } = claim;
  const request = {
    idScope: name.idScope,
    registrationId: name.registrationId,
    apiVersion: name.apiVersion,
    credentials: token === undefined ? ({ kind: "tls" } as const) : ({ kind: "sas", token } as const),
    connection: connection.peer,
  };
  const admission = await visit.admit(request);
  if (admission.kind === "refused") return refuse(visit, admission.reason, admission.findings);
  const challengeOnly = admission.kind === "challengeOnly";
  if (challengeOnly && !context.tpmOverMqtt(connection.peer))
    return refuse(visit, "notAuthorized", [finding("tpm.notOverMqtt")]);
  return accept(connection, { kind: "provisioning", request, challengeOnly }, context);
}

async function connectHub(connection: Connection, claim: Claim<"hub">, context: BrokerContext): Promise<ConnackReason> {
  const { visit, name, token } = claim;
  const { attempt } = visit;
  const admission = await context.hub.connect({
    hub: name.hub,
    deviceId: name.deviceId,
    ...(name.moduleId !== undefined && { moduleId: name.moduleId }),
    ...(token !== undefined && { token }),
    connection: connection.peer,
    session: connection.wantsClean ? "clean" : "keep",
    trackingId: attempt.trackingId,
  });
  if (admission.kind === "refused") return refuse(visit, admission.reason, admission.findings);
  attempt.assignedHub = admission.device.hub;
  attempt.deviceId = admission.device.deviceId;
  if (connection.closed) admission.left?.();
  else attempt.outcome = "connected";
  const { device, left, session: kept } = admission;
  return accept(connection, { kind: "hub", device, left, kept }, context);
}

function accept(connection: Connection, session: Session, context: BrokerContext): ConnackReason {
  // The client may have disconnected while its credentials were checked.
  if (connection.closed) return "accepted";
  connection.attempt?.step("connack");
  const before = context.connections.enter(connection, session);
  if (session.kind === "hub")
    for (const { filter, qos } of session.kept?.subscriptions ?? []) connection.granted.set(filter, qos);
  // Only here, with proof: who merely knows an id cannot throw its owner off.
  before?.client.close();
  connection.hasProved = session.kind === "hub" || isTokenGood(connection, session);
  if (session.kind === "provisioning") {
    // A certificate, even a self-made one, is enough to get here: without a deadline, anyone could keep connections
    // open for ever.
    const { challengeSession, registration } = context.times;
    const deadline = session.challengeOnly ? challengeSession : registration;
    connection.deadline = setTimeout(() => connection.client.close(), deadline).unref();
  }
  return "accepted";
}

/**
 * Tokens are verified at CONNECT. Without an enrollment that is impossible; the attempt then already has an error
 * finding.
 */
function isTokenGood({ attempt }: Connection, { request }: Extract<Session, { kind: "provisioning" }>): boolean {
  return request.credentials.kind === "sas" && !attempt?.findings.some((each) => each.severity === "error");
}
