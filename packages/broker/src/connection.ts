import type { Duplex } from "node:stream";
import type { Attempt, UnnotedRequest, Visit } from "@rollcall/engine";
import type { HubDevice, KeptSession } from "@rollcall/hub";
import type { ClientConnection } from "@rollcall/protocol";
import type { MqttClient } from "./aedes/mqtt-types.js";
import { Turns } from "./turns.js";
import { Unacknowledged } from "./unacknowledged.js";

/** The proven identity of the client. */
export type Session =
  | { readonly kind: "provisioning"; readonly request: UnnotedRequest; readonly challengeOnly: boolean }
  | {
      readonly kind: "hub";
      readonly device: HubDevice;
      readonly left?: (() => void) | undefined;
      /** The session that outlasts the connection (clean session 0). */
      readonly kept?: KeptSession | undefined;
    };

/** One connection, with everything that the broker remembers of it. */
export class Connection {
  readonly client: MqttClient;
  readonly stream: Duplex;
  readonly peer: ClientConnection;
  /** The client id that the device sent; Aedes gets a different id. */
  clientId = "";
  /** Whether it asked for a clean session; DPS keeps none either way (wire.md#mqtt-transport). */
  wantsClean = true;
  session: Session | undefined;
  /**
   * Like `session`, but kept when the client disconnects, because requests acknowledged before that are still carried
   * out.
   */
  entered: Session | undefined;
  /**
   * True after the identity was proved. A certificate proves nothing at CONNECT, only with its first successful
   * request.
   */
  hasProved = false;
  /** Created at the CONNECT. */
  visit: Visit | undefined;
  /** True after a connection that may ask for one challenge has asked for it. */
  challengeAsked = false;
  /** Filters granted, with their QoS. */
  readonly granted = new Map<string, 0 | 1>();
  /** Of a session that is kept: what waits for its PUBACK. */
  unacknowledged = new Unacknowledged();
  readonly turns = new Turns();
  /** Closes a session that may not last: a session for a TPM challenge, or without a registration yet. */
  deadline: NodeJS.Timeout | undefined;
  /** True as soon as nothing may be sent any more; the stream may stay open a little longer. */
  closed = false;

  constructor(client: MqttClient, stream: Duplex, peer: ClientConnection) {
    this.client = client;
    this.stream = stream;
    this.peer = peer;
  }

  /** The attempt to which the current requests belong. */
  get attempt(): Attempt | undefined {
    return this.visit?.attempt;
  }

  /** Clears the deadline. */
  endDeadline(): void {
    clearTimeout(this.deadline);
    this.deadline = undefined;
  }
}
