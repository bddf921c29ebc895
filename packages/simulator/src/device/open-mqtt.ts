import type { DeviceIdentity } from "../attestation/proving/identity.js";
import type { Exchange } from "./exchange.js";
import { MqttSession, type MqttSessionOptions } from "./mqtt-session.js";
import type { ExchangeOptions } from "./options.js";
import { connectTls, deviceContext, inTurn } from "./tls-connect.js";

/** The client version of our devices. */
export const clientVersion = "rollcall-simulator";

export interface MqttAddress {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly transport: MqttSessionOptions["transport"];
  readonly identity: DeviceIdentity;
}

type Login = Pick<MqttSessionOptions, "clientId" | "username" | "keepalive"> & {
  readonly password?: string | undefined;
};

/** Opens an MQTT session, timing `tls` and `connack`. */
export async function openMqtt(
  exchange: Exchange,
  options: ExchangeOptions,
  { login, ...address }: MqttAddress & { readonly login: Login },
): Promise<MqttSession> {
  const { timer, signal } = exchange;
  const { host, port, transport, identity, ca } = address;
  const context = deviceContext(ca, identity, options);
  const socket = await inTurn(exchange, options, () => connectTls({ host, port, context, signal }));
  const { password, ...rest } = login;
  const session = { socket, transport, host, port, signal, ...rest, ...(password !== undefined && { password }) };
  return timer.time("connack", () => MqttSession.open(session));
}
