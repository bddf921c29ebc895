import type { DeviceOutcome } from "../report/report-types.js";

/** A service, as a fleet sees it. */
export interface FleetTarget {
  readonly host: string;
  readonly idScope: string;
  /** PEM; server certificates are always verified. */
  readonly ca: string;
  /** Of service and assigned hub alike: 8883. */
  readonly mqttPort?: number;
  /** HTTPS and WebSocket: 443. */
  readonly httpsPort?: number;
}

export interface FleetProgress {
  readonly total: number;
  readonly started: number;
  readonly done: number;
  readonly assigned: number;
  readonly refused: number;
  readonly unexpected: number;
  /** The device that just ended; absent when one just started. */
  readonly device?: DeviceOutcome;
}

export interface RunOptions {
  readonly target: FleetTarget;
  /** Said by who may load a service that is not on loopback. */
  readonly ownTarget?: boolean;
  /** Devices at a time (closed model), 50 unless a rate is given. With a rate, a bound on those in flight: 2000. */
  readonly concurrency?: number;
  /** Starts a second on average, whether or not earlier devices are through (open model); latency counts from the intended start. */
  readonly rate?: number;
  /** TLS handshakes in flight, 16: more only make each other time out. */
  readonly handshakes?: number;
  /** Milliseconds a device has for each of registration and hub, 60 000. */
  readonly timeout?: number;
  /** Stops the run: devices under way end at once and count as interrupted; the report is still made. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FleetProgress) => void;
  /** False: devices register and do not visit their hub, as where the service's hubs are none that can be reached. */
  readonly hub?: boolean;
  /** Asks the service why it refused a device, so that the finding that its fleet file expects can be checked too. */
  readonly findingOf?: (about: { trackingId?: string; registrationId: string }) => Promise<string | undefined>;
}
