import type { Rollcall } from "@rollcall/service";
import type { JobAttestation } from "./attestations.js";
import type { FleetDevice } from "./fleet.js";
import { type ClientResult, runClient } from "./run-client.js";

/** The transports of `clients/node-device.mjs`, and the SDK's fixed port. */
export const nodeTransports = {
  mqtt: { title: "MQTT", fixed: undefined },
  "mqtt-ws": { title: "MQTT over WebSocket", fixed: 443 },
  http: { title: "HTTPS", fixed: 443 },
  "mqtt-tpm": { title: "MQTT with the TPM extension", fixed: undefined },
} as const;
export type NodeTransport = keyof typeof nodeTransports;

export interface NodeDeviceRun {
  readonly transport: NodeTransport;
  readonly device: Pick<FleetDevice, "registrationId" | "attestation">;
  readonly payload?: unknown;
  /** Registers a second time with the same client. */
  readonly again?: boolean;
  /** Then connects to the assigned hub, with another credential if one is given, and sends so many messages. */
  readonly hub?: {
    readonly telemetry: number;
    readonly attestation?: JobAttestation;
    /** Waits for a second change, of which it hears on another connection. */
    readonly drops?: boolean;
  };
  /** Of MQTT; that of the service unless given. */
  readonly port?: number;
  /** Every reply over HTTPS is a step too, such as `GET 202`. */
  readonly watchHttp?: boolean;
  readonly onStep?: (step: string) => Promise<void>;
  readonly timeoutMs?: number;
}

/**
 * One device with the unmodified Node SDK. It uses `localhost` for the service, so that the tests cover name and
 * address.
 */
export function runNodeDevice(service: Rollcall, run: NodeDeviceRun): Promise<ClientResult> {
  const { transport, device, payload, again, hub, watchHttp, onStep, timeoutMs, port = service.info.ports.mqtt } = run;
  const host = nodeTransports[transport].fixed === undefined ? `localhost:${port}` : "localhost";
  return runClient({
    caPath: service.info.caPath,
    job: {
      host,
      idScope: service.info.idScope,
      transport,
      registrationId: device.registrationId,
      attestation: device.attestation,
      payload,
      again,
      watchHttp,
      hub: hub && { ...hub, port },
    },
    ...(onStep && { onStep }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}
