/** What is different from transport to transport. */
interface TransportRow {
  /** As people read it. */
  readonly label: string;
  /** Where the cloud service serves it, and clients look when nobody says otherwise. */
  readonly defaultPort: number;
  /** The setting of the service that moves the port (`--mqtt-port`), and the name of the port wherever several are handed on. */
  readonly setting: string;
  /** Over which transport a device that registered this way goes to its hub: a hub speaks no HTTPS here. */
  readonly hub: string;
  /** Packets are bytes in a stream, so several may go out in one write. A WebSocket makes a message of each write. */
  readonly isByteStream: boolean;
}

/** Ways in: one row each. A new front end begins with a row here; engine and hub need to know nothing of it. */
export const transportRows = {
  mqtt: { label: "MQTT", defaultPort: 8883, setting: "mqttPort", hub: "mqtt", isByteStream: true },
  "mqtt-ws": { label: "WebSocket", defaultPort: 443, setting: "httpsPort", hub: "mqtt-ws", isByteStream: false },
  http: { label: "HTTPS", defaultPort: 443, setting: "httpsPort", hub: "mqtt", isByteStream: true },
} as const satisfies Record<string, TransportRow>;

export type Transport = keyof typeof transportRows;
/** Transports over which a hub is reached. */
export type HubTransport = (typeof transportRows)[Transport]["hub"];

// A cast: Object.keys forgets which keys they are.
/** All, in the order of the table. */
export const transports = Object.keys(transportRows) as readonly Transport[];

/** What a device uses when nobody says otherwise. */
export const DEFAULT_TRANSPORT = "mqtt";

type PortSetting = (typeof transportRows)[Transport]["setting"];

/** The port of a transport among those that are known; undefined where the transport's own number holds. */
export function portOf(
  ports: { readonly [setting in PortSetting]?: number },
  transport: Transport,
): number | undefined {
  return ports[transportRows[transport].setting];
}
