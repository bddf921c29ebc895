import type { HubDevice } from "@rollcall/hub";
import { splitPlace } from "@rollcall/protocol";
import type { MqttClient } from "./aedes/mqtt-types.js";
import type { BrokerStats } from "./broker-types.js";
import type { Connection, Session } from "./connection.js";
import { SessionsAway } from "./sessions-away.js";
import { Unacknowledged } from "./unacknowledged.js";

/** The map from connection to authenticated identity, and from a hub's device back to its connection. */
export class Connections {
  readonly #byClient = new Map<MqttClient, Connection>();
  readonly #byDevice = new Map<string, Connection>();
  /** Connections of modules, by the key of their device. */
  readonly #modules = new Map<string, Set<Connection>>();
  readonly #away = new SessionsAway();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  add(connection: Connection): void {
    this.#byClient.set(connection.client, connection);
  }

  get(client: MqttClient): Connection | undefined {
    return this.#byClient.get(client);
  }

  /** Removes a connection whose stream is closed. */
  remove(connection: Connection): void {
    this.leave(connection);
    this.#byClient.delete(connection.client);
  }

  /**
   * Sets the session. A device has one connection to its hub: the new connection replaces the old one, which is
   * returned.
   */
  enter(connection: Connection, session: Session): Connection | undefined {
    connection.session = session;
    connection.entered = session;
    if (session.kind !== "hub") return undefined;
    const key = deviceKey(session.device);
    const before = this.#byDevice.get(key);
    this.#byDevice.set(key, connection);
    const owner = ownerKey(session.device);
    if (owner !== undefined) this.#modules.set(owner, (this.#modules.get(owner) ?? new Set()).add(connection));
    if (before) this.#keepUnacknowledged(before);
    const messages = this.#away.take(key, session.kept?.id, this.#clock());
    if (messages) connection.unacknowledged = messages;
    return before;
  }

  /** Connections of the modules of a device. */
  modulesOf(device: HubDevice): readonly Connection[] {
    return [...(this.#modules.get(deviceKey(device)) ?? [])];
  }

  #forgetModule(connection: Connection, device: HubDevice): void {
    const owner = ownerKey(device);
    if (owner === undefined) return;
    const modules = this.#modules.get(owner);
    modules?.delete(connection);
    if (modules?.size === 0) this.#modules.delete(owner);
  }

  /** Ends the session; no more requests are accepted. */
  leave(connection: Connection): void {
    const { session } = connection;
    connection.closed = true;
    connection.session = undefined;
    // Acknowledged requests are still carried out, unless the client is a stranger who may have left many of them.
    if (!connection.hasProved) connection.turns.clear();
    connection.granted.clear();
    connection.endDeadline();
    if (session?.kind !== "hub") return;
    session.left?.();
    this.#keepUnacknowledged(connection, session);
    const key = deviceKey(session.device);
    if (this.#byDevice.get(key) === connection) this.#byDevice.delete(key);
    this.#forgetModule(connection, session.device);
  }

  /** Keeps messages without a PUBACK for the device's next connection. */
  #keepUnacknowledged(connection: Connection, session = connection.session): void {
    const { unacknowledged: messages } = connection;
    if (session?.kind !== "hub" || !session.kept || messages.size === 0) return;
    this.#away.put(deviceKey(session.device), { sessionId: session.kept.id, messages }, this.#clock());
    connection.unacknowledged = new Unacknowledged();
  }

  ofDevice(device: HubDevice): Connection | undefined {
    return this.#byDevice.get(deviceKey(device));
  }

  all(): readonly Connection[] {
    return [...this.#byClient.values()];
  }

  stats(): BrokerStats {
    let sessions = 0;
    let challengeSessions = 0;
    let timers = 0;
    for (const { session, deadline, closed } of this.#byClient.values()) {
      if (session?.kind === "provisioning" && session.challengeOnly) challengeSessions++;
      else if (session) sessions++;
      // A timer for the deadline, and a timer while the client may still close its half.
      timers += (deadline ? 1 : 0) + (closed ? 1 : 0);
    }
    return { connections: this.#byClient.size, sessions, challengeSessions, timers };
  }
}

/** The key of the device that the module at this place belongs to; undefined for a device. */
function ownerKey({ hub, deviceId: place }: HubDevice): string | undefined {
  const { deviceId, moduleId } = splitPlace(place);
  return moduleId === undefined ? undefined : deviceKey({ hub, deviceId });
}

/** A hub has one spelling (the linked host's); device ids are compared with case and contain no slash. */
function deviceKey(device: HubDevice): string {
  return `${device.hub}/${device.deviceId}`;
}
