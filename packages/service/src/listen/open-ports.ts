import type { DeviceApi, ManagementApi } from "@rollcall/api";
import type { Broker } from "@rollcall/broker";
import type { LinkedHub, ServiceInfo } from "@rollcall/protocol";
import { dashboardHost, transportRows } from "@rollcall/protocol";
import type { Config } from "../config/config-schema.js";
import { flagName, type SettingName, variableName } from "../config/config-settings.js";
import { ListenError, listenAddresses } from "./listen.js";
import type { HttpsHandlers, Listeners } from "./listeners.js";

/** The parts that serve the ports. */
export interface PortParts {
  readonly config: Config;
  readonly hubs: readonly LinkedHub[];
  readonly listeners: Listeners;
  readonly broker: Broker;
  readonly deviceApi: DeviceApi;
  readonly management: ManagementApi;
  /** Gets a line when a port was replaced by its fallback. */
  readonly notices: string[];
}

/** The port numbers that are served. */
export type OpenPorts = ServiceInfo["ports"];

const HTTPS_PORT = transportRows.http.defaultPort;

/** Opens all ports. Throws ListenError when a port is not available. */
export async function openPorts(parts: PortParts): Promise<OpenPorts> {
  const { config, hubs, listeners, broker, management } = parts;
  const { host, mqtt, dashboard } = config.listen;
  const addresses = listenAddresses(
    host,
    hubs.map((hub) => hub.host),
  );
  return {
    mqtt: await listeners.mqtt(
      { purpose: "MQTT", flag: flagText("mqttPort"), port: mqtt, addresses },
      (socket, connection) => broker.handleConnection(socket, connection),
    ),
    https: await openHttps(parts),
    // Plain HTTP never leaves this machine.
    dashboard: await listeners.http(
      {
        purpose: "The dashboard",
        flag: flagText("dashboardPort"),
        port: dashboard,
        addresses: listenAddresses(dashboardHost(host)),
      },
      management.handler,
    ),
  };
}

async function openHttps({ config, hubs, listeners, broker, deviceApi, notices }: PortParts): Promise<number> {
  const { host, https, httpsFallback } = config.listen;
  const addresses = listenAddresses(
    host,
    hubs.map((hub) => hub.host),
  );
  const handlers: HttpsHandlers = {
    request: deviceApi.handler,
    upgrade: (request, socket, head, connection) => broker.handleUpgrade(request, socket, head, connection),
  };
  const open = (port: number, flag: SettingName) =>
    listeners.https({ purpose: "HTTPS", flag: flagText(flag), port, addresses }, handlers);
  try {
    return await open(https, "httpsPort");
  } catch (error) {
    const canFallBack = error instanceof ListenError && ["EACCES", "EADDRINUSE"].includes(error.code);
    if (!canFallBack || https !== HTTPS_PORT) throw error;
    const port = await open(httpsFallback, "httpsFallbackPort");
    notices.push(fallbackNotice(error.code, port));
    return port;
  }
}

/** Names the clients that dial 443 only (wire.md#ports). */
function fallbackNotice(code: string, port: number): string {
  const [why, remedy] =
    code === "EACCES"
      ? ["there is no permission for 443", "To allow 443: sudo sysctl net.ipv4.ip_unprivileged_port_start=443"]
      : ["443 is taken", "Stop what listens there to have 443"];
  return `HTTPS is on ${port}, since ${why}: HTTPS of the Node and C SDKs, MQTT over WebSocket of the Node, Python, C and Java SDKs, and the Node, C and Java service SDKs dial 443 only. ${remedy}.`;
}

function flagText(name: SettingName): string {
  return `${flagName(name)} (or ${variableName(name)})`;
}
