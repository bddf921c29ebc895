/** The properties in which transports differ. */
interface TransportRow {
  /** Name for users. */
  readonly label: string;
  /** Port of the cloud service, and the default port of clients. */
  readonly defaultPort: number;
  /**
   * The service's setting that changes the port (`--mqtt-port`), and the name of the port in objects with several
   * ports.
   */
  readonly setting: string;
  /** Transport to the hub for a device that registered over this transport; hubs here do not speak HTTPS. */
  readonly hub: string;
  /**
   * True when packets are bytes in a stream, so several may share one write. A WebSocket makes a message of each write.
   */
  readonly isByteStream: boolean;
}

/** Transports by which a device can connect. A new front end begins with a row here; engine and hub do not change. */
export const transportRows = {
  mqtt: { label: "MQTT", defaultPort: 8883, setting: "mqttPort", hub: "mqtt", isByteStream: true },
  "mqtt-ws": { label: "WebSocket", defaultPort: 443, setting: "httpsPort", hub: "mqtt-ws", isByteStream: false },
  http: { label: "HTTPS", defaultPort: 443, setting: "httpsPort", hub: "mqtt", isByteStream: true },
} as const satisfies Record<string, TransportRow>;

export type Transport = keyof typeof transportRows;
/** Transports that hubs speak. */
export type HubTransport = (typeof transportRows)[Transport]["hub"];

// A cast: the type of Object.keys is string[].
/** All transports, in the order of the table. */
export const transports = Object.keys(transportRows) as readonly Transport[];

/** Default transport of a device. */
export const DEFAULT_TRANSPORT = "mqtt";

type PortSetting = (typeof transportRows)[Transport]["setting"];

/** The port of a transport in `ports`; undefined when they do not contain it, so that the default port applies. */
export function portOf(
  ports: { readonly [setting in PortSetting]?: number },
  transport: Transport,
): number | undefined {
  return ports[transportRows[transport].setting];
}
