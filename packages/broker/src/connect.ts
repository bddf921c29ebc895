import type { Attempt, AttemptFacts } from "@rollcall/engine";
import { type Finding, finding, idKey, parseUserName, type UserName } from "@rollcall/protocol";
import type { Connection, Session } from "./connection.js";
import type { BrokerContext } from "./context.js";

/** The return code of a CONNACK. */
export type ConnectCode = 0 | 1 | 2 | 3 | 4 | 5;

/** Longest text of a stranger that an attempt keeps: there are ten thousand of them. */
const MAX_FACT = 256;

/** Decides a CONNECT: who it is, whether that is proved, and what the CONNACK says. Notes all of it in an attempt. */
export async function decideConnect(
  connection: Connection,
  userName: string | undefined,
  password: Buffer | undefined,
  context: BrokerContext,
): Promise<ConnectCode> {
  const name = parseUserName(userName ?? "");
  const attempt = begin(connection, name, context);
  // An empty password is none: some clients send the flag with nothing behind it.
  const token = password && password.length > 0 ? password.toString("utf8") : undefined;
  try {
    if (name.kind === "malformed") {
      const details = { values: { reason: name.reason }, got: userName ?? "" };
      return refuse(attempt, 4, [finding("protocol.userNameMalformed", details)]);
    }
    const wrongId = clientIdFinding(name, connection.clientId);
    if (wrongId) return refuse(attempt, 2, [wrongId]);
    if (name.kind === "hub") return await connectHub(connection, { attempt, name, token }, context);
    return await connectProvisioning(connection, { attempt, name, token }, context);
  } catch (error) {
    context.log.error(`CONNECT ${attempt.trackingId} failed`, error);
    return refuse(attempt, 3, [finding("service.internal", { values: { trackingId: attempt.trackingId } })]);
  }
}

/** Notes in the attempt what went wrong and what the CONNACK says. */
function refuse(attempt: Attempt, connack: ConnectCode, findings: readonly Finding[]): ConnectCode {
  attempt.add(...findings);
  attempt.outcome = "refused";
  attempt.reply = { connack };
  attempt.step("connack");
  return connack;
}

/** A CONNECT that is turned down for its protocol level: the attempt is all that there is to do. CONNACK 1 says the rest. */
export function beginUnread(
  connection: Connection,
  packet: { readonly userName: string | undefined; readonly level: number },
  context: BrokerContext,
): void {
  const attempt = begin(connection, parseUserName(packet.userName ?? ""), context);
  refuse(attempt, 1, [
    finding("protocol.mqttVersionUnsupported", { values: { level: packet.level }, got: `level ${packet.level}` }),
  ]);
}

/** Begins the attempt of a connection. */
function begin(connection: Connection, name: UserName, context: BrokerContext): Attempt {
  const { peer } = connection;
  const attempt = context.attempts.begin({
    ...subject(name, connection.clientId),
    transport: peer.transport,
    remote: peer.remote,
    acceptedAt: peer.acceptedAt,
    securedAt: peer.securedAt,
  });
  attempt.step("connect");
  connection.attempt = attempt;
  return attempt;
}

function subject(
  name: UserName,
  clientId: string,
): Pick<AttemptFacts, "at" | "registrationId" | "idScope" | "apiVersion" | "clientVersion"> {
  if (name.kind === "malformed") return { at: "service", registrationId: short(clientId) };
  if (name.kind === "hub") {
    return {
      at: "hub",
      registrationId: short(name.deviceId),
      ...(name.apiVersion && { apiVersion: short(name.apiVersion) }),
    };
  }
  return {
    at: "service",
    registrationId: short(name.registrationId),
    idScope: short(name.idScope),
    ...(name.apiVersion && { apiVersion: short(name.apiVersion) }),
    ...(name.clientVersion && { clientVersion: short(name.clientVersion) }),
  };
}

/** A copy: a slice would keep the stranger's whole text in memory. */
function short(text: string): string {
  return text.length <= MAX_FACT ? text : Buffer.from(text.slice(0, MAX_FACT)).toString();
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
  readonly attempt: Attempt;
  readonly name: Extract<UserName, { kind: Kind }>;
  readonly token: string | undefined;
}

async function connectProvisioning(
  connection: Connection,
  claim: Claim<"provisioning">,
  context: BrokerContext,
): Promise<ConnectCode> {
  const { attempt, name, token } = claim;
  const request = {
    idScope: name.idScope,
    registrationId: name.registrationId,
    apiVersion: name.apiVersion,
    credentials: token === undefined ? ({ kind: "tls" } as const) : ({ kind: "sas", token } as const),
    connection: connection.peer,
  };
  const admission = await context.engine.admit({ ...request, attempt });
  if (admission.kind === "refused") return refuse(attempt, admission.connack, [admission.finding]);
  const challengeOnly = admission.kind === "challengeOnly";
  if (challengeOnly && !context.tpmOverMqtt(connection.peer)) return refuse(attempt, 5, [finding("tpm.notOverMqtt")]);
  return accept(connection, { kind: "provisioning", request, challengeOnly }, context);
}

async function connectHub(connection: Connection, claim: Claim<"hub">, context: BrokerContext): Promise<ConnectCode> {
  const { attempt, name, token } = claim;
  const admission = await context.hub.connect({
    hub: name.hub,
    deviceId: name.deviceId,
    ...(name.moduleId !== undefined && { moduleId: name.moduleId }),
    ...(token !== undefined && { token }),
    connection: connection.peer,
  });
  if (admission.kind === "refused") return refuse(attempt, admission.connack, admission.findings);
  attempt.assignedHub = admission.device.hub;
  attempt.deviceId = admission.device.deviceId;
  if (connection.closed) admission.left?.();
  else attempt.outcome = "connected";
  return accept(connection, { kind: "hub", device: admission.device, left: admission.left }, context);
}

function accept(connection: Connection, session: Session, context: BrokerContext): ConnectCode {
  // It may have hung up while its credentials were checked.
  if (connection.closed) return 0;
  connection.attempt?.step("connack");
  const before = context.connections.enter(connection, session);
  // Only here, with proof: who merely knows an id cannot throw its owner off.
  before?.client.close();
  connection.hasProved = session.kind === "hub" || isTokenGood(connection, session);
  if (session.kind === "provisioning") {
    // A certificate of one's own is enough to come this far: without an end, anyone could hold connections for ever.
    const { challengeSession, registration } = context.times;
    const deadline = session.challengeOnly ? challengeSession : registration;
    connection.deadline = setTimeout(() => connection.client.close(), deadline).unref();
  }
  return 0;
}

/** A token is verified at CONNECT; one that could not be, for want of an enrollment, has its finding. */
function isTokenGood({ attempt }: Connection, { request }: Extract<Session, { kind: "provisioning" }>): boolean {
  return request.credentials.kind === "sas" && !attempt?.findings.some((each) => each.severity === "error");
}
