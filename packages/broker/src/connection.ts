import type { Duplex } from "node:stream";
import type { Attempt, UnnotedRequest, Visit } from "@rollcall/engine";
import type { HubDevice, KeptSession } from "@rollcall/hub";
import type { ClientConnection } from "@rollcall/protocol";
import type { MqttClient } from "./aedes/mqtt-types.js";
import { Turns } from "./turns.js";
import { Unacknowledged } from "./unacknowledged.js";

/** Who is at the other end, once that is proved. */
export type Session =
  | { readonly kind: "provisioning"; readonly request: UnnotedRequest; readonly challengeOnly: boolean }
  | {
      readonly kind: "hub";
      readonly device: HubDevice;
      readonly left?: (() => void) | undefined;
      /** The session that outlasts the connection (clean session 0). */
      readonly kept?: KeptSession | undefined;
    };

/** One connection: what the broker remembers of it, and all that it remembers. */
export class Connection {
  readonly client: MqttClient;
  readonly stream: Duplex;
  readonly peer: ClientConnection;
  /** As the device sent it; Aedes gets another one. */
  clientId = "";
  /** Whether it asked for a clean session; DPS keeps none either way (wire.md#mqtt-transport). */
  wantsClean = true;
  session: Session | undefined;
  /** As `session`, and kept when the client leaves: what was acknowledged before that is still carried out. */
  entered: Session | undefined;
  /** True once anything has shown who it is. A certificate proves nothing at CONNECT: its first answered request does. */
  hasProved = false;
  /** Begins with its CONNECT. */
  visit: Visit | undefined;
  /** A connection that is good for one challenge has asked for it. */
  challengeAsked = false;
  /** Filters granted, with their QoS. */
  readonly granted = new Map<string, 0 | 1>();
  /** Of a session that is kept: what waits for its PUBACK. */
  unacknowledged = new Unacknowledged();
  readonly turns = new Turns();
  /** Closes a session that may not last: one for a TPM challenge, and one that has not registered yet. */
  deadline: NodeJS.Timeout | undefined;
  /** True from the moment at which nothing may be sent any more; the stream may live a little longer. */
  closed = false;

  constructor(client: MqttClient, stream: Duplex, peer: ClientConnection) {
    this.client = client;
    this.stream = stream;
    this.peer = peer;
  }

  /** The attempt that its requests belong to. */
  get attempt(): Attempt | undefined {
    return this.visit?.attempt;
  }

  /** Nothing is waited for any more. */
  endDeadline(): void {
    clearTimeout(this.deadline);
    this.deadline = undefined;
  }
}
