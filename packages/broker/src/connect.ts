import { type AttemptFacts, Visit } from "@rollcall/engine";
import { type Finding, finding, idKey, parseUserName, type UserName } from "@rollcall/protocol";
import { type ConnackReason, connackCodes } from "./connack.js";
import type { Connection, Session } from "./connection.js";
import type { BrokerContext } from "./context.js";

/** Decides a CONNECT: who it is, whether that is proved, and what the CONNACK says. Notes all of it in an attempt. */
export async function decideConnect(
  connection: Connection,
  userName: string | undefined,
  password: Buffer | undefined,
  context: BrokerContext,
): Promise<ConnackReason> {
  const name = parseUserName(userName ?? "");
  const visit = begin(connection, name, context);
  // An empty password is none: some clients send the flag with nothing behind it.
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

/** Notes in the attempt what went wrong and what the CONNACK says. */
function refuse(visit: Visit, reason: Exclude<ConnackReason, "accepted">, findings: readonly Finding[]): ConnackReason {
  visit.turnAway(findings, { connack: connackCodes[reason] });
  visit.attempt.step("connack");
  return reason;
}

/** A CONNECT that is turned down for its protocol level: the attempt is all that there is to do. CONNACK 1 says the rest. */
export function beginUnread(
  connection: Connection,
  packet: { readonly userName: string | undefined; readonly level: number },
  context: BrokerContext,
): void {
  const visit = begin(connection, parseUserName(packet.userName ?? ""), context);
  refuse(visit, "protocolLevel", [
    finding("protocol.mqttVersionUnsupported", { values: { level: packet.level }, got: `level ${packet.level}` }),
  ]);
}

/** Begins the attempt of a connection. */
function begin(connection: Connection, name: UserName, context: BrokerContext): Visit {
  const { peer } = connection;
  const facts = {
    ...subject(name, connection.clientId),
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

function subject(
  name: UserName,
  clientId: string,
): Pick<AttemptFacts, "at" | "registrationId" | "idScope" | "apiVersion" | "clientVersion"> {
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
 * Every client uses the registration id, or at the hub the device id, as client id (wire.md#connect,
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
  // It may have hung up while its credentials were checked.
  if (connection.closed) return "accepted";
  connection.attempt?.step("connack");
  const before = context.connections.enter(connection, session);
  if (session.kind === "hub")
    for (const { filter, qos } of session.kept?.subscriptions ?? []) connection.granted.set(filter, qos);
  // Only here, with proof: who merely knows an id cannot throw its owner off.
  before?.client.close();
  connection.hasProved = session.kind === "hub" || isTokenGood(connection, session);
  if (session.kind === "provisioning") {
    // A certificate of one's own is enough to come this far: without an end, anyone could hold connections for ever.
    const { challengeSession, registration } = context.times;
    const deadline = session.challengeOnly ? challengeSession : registration;
    connection.deadline = setTimeout(() => connection.client.close(), deadline).unref();
  }
  return "accepted";
}

/** A token is verified at CONNECT; one that could not be, for want of an enrollment, has its finding. */
function isTokenGood({ attempt }: Connection, { request }: Extract<Session, { kind: "provisioning" }>): boolean {
  return request.credentials.kind === "sas" && !attempt?.findings.some((each) => each.severity === "error");
}
