import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AttemptLog, Engine } from "@rollcall/engine";
import type { Hub, HubDevice } from "@rollcall/hub";
import type { ClientConnection } from "@rollcall/protocol";

/** The log of the broker. Messages about a single connection are never above debug. */
export interface BrokerLog {
  debug(message: string, error?: unknown): void;
  error(message: string, error?: unknown): void;
}

/** Time limits, in milliseconds. */
export interface BrokerTimes {
  /** From accept to CONNECT. */
  readonly connect: number;
  /** From the end of our half to the end of the client's half. */
  readonly linger: number;
  /** The duration of a connection that only asks for a TPM challenge. */
  readonly challengeSession: number;
  /** From CONNACK to the first successful answer to a register or status request. */
  readonly registration: number;
  /** For a client that does not read. */
  readonly drain: number;
  /** The minimum from a request at QoS 0 to its reply: Java starts to listen only after it has sent. */
  readonly quickReply: number;
}

export interface BrokerOptions {
  readonly engine: Engine;
  readonly hub: Hub;
  readonly attempts: AttemptLog;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Whether a TPM may ask for its challenge on this connection. */
  readonly tpmOverMqtt: (connection: ClientConnection) => boolean;
  readonly log?: BrokerLog;
  readonly times?: Partial<BrokerTimes>;
}

export interface BrokerStats {
  /** Number of open streams, including those that are closing. */
  readonly connections: number;
  /** Number of connections that have been accepted and are not limited to a challenge. */
  readonly sessions: number;
  /** Number of connections that may only ask for a TPM challenge. */
  readonly challengeSessions: number;
  readonly timers: number;
}

/** The MQTT front end: the provisioning service and its hubs on one port. */
export interface Broker {
  /** Takes over a connection: a TLS socket whose handshake is done. */
  handleConnection(stream: Duplex, connection: ClientConnection): void;
  /** Takes over an upgrade request of the HTTPS listener; answers 404 and 400 itself. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, connection: ClientConnection): void;
  /** Whether a device is connected to its hub. */
  isConnected(device: HubDevice): boolean;
  stats(): BrokerStats;
  /** Ends every connection and waits until all are closed. */
  close(): Promise<void>;
}
