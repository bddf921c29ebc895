import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { createDeviceApi, createManagementApi, type DeviceApi, type ManagementApi } from "@rollcall/api";
import type { Broker } from "@rollcall/broker";
import type { Engine, Store } from "@rollcall/engine";
import type { Hub } from "@rollcall/hub";
import { toPem } from "@rollcall/pki";
import { portalFolder } from "@rollcall/portal";
import { retryAfterSeconds } from "./config/config-schema.js";
import { deviceCredentials } from "./device-credentials.js";
import type { Listeners } from "./listen/listeners.js";
import { createServiceApi, operatorParts } from "./operator.js";
import type { Setting } from "./parts.js";
import type { RollcallInfo } from "./rollcall.js";

/** The parts that the HTTP front ends need besides the setting. */
export interface HttpParts {
  readonly engine: Engine;
  readonly hub: Hub;
  readonly broker: Broker;
  readonly listeners: Listeners;
  readonly store: Store;
  /** Undefined until the ports are open. */
  info(): RollcallInfo | undefined;
  ready(): boolean;
  stop(): void;
}

/** Creates the HTTP front ends: one listener serves devices and service SDKs, the other serves operators. */
export async function createHttpFronts(
  setting: Setting,
  parts: HttpParts,
): Promise<{ deviceApi: DeviceApi; management: ManagementApi }> {
  const { config, clock, log, location, attempts } = setting;
  const { engine, hub, broker, listeners, store, info, ready, stop } = parts;
  const onFault = (fault: unknown, trackingId: string) => log.error({ err: fault, trackingId }, "a request failed");
  const service = createServiceApi({ ...setting, store });
  const shared = { attempts, clock, onFault };
  const deviceApi = await createDeviceApi({
    ...shared,
    engine,
    connectionOf: (socket: Socket) => listeners.connectionOf(socket),
    retryAfterSeconds: retryAfterSeconds(config),
    service,
    hub: { hub, isConnected: (place) => broker.isConnected(place) },
  });
  const management = await createManagementApi({
    ...shared,
    ...{ info, ready, stop },
    token: location.secrets.managementToken,
    operator: service.operator,
    ca: () => toPem(location.authority.certificate.der),
    portalFolder: fileURLToPath(portalFolder),
    credentials: (registrationId) => deviceCredentials(store, registrationId),
    port: () => info()?.ports.dashboard ?? 0,
    parts: operatorParts({ ...setting, store }, parts),
  });
  return { deviceApi, management };
}
