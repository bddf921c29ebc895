import type { DeviceOutcome } from "../report/report-types.js";

/** A service, from a fleet's point of view. */
export interface FleetTarget {
  readonly host: string;
  readonly idScope: string;
  /** PEM; server certificates are always verified. */
  readonly ca: string;
  /** Port of both service and assigned hub; default 8883. */
  readonly mqttPort?: number;
  /** Port for HTTPS and WebSocket; default 443. */
  readonly httpsPort?: number;
}

export interface FleetProgress {
  readonly total: number;
  readonly started: number;
  readonly done: number;
  readonly assigned: number;
  readonly refused: number;
  readonly unexpected: number;
  /** The device that just ended; absent when a device just started. */
  readonly device?: DeviceOutcome;
}

export interface RunOptions {
  readonly target: FleetTarget;
  /** True if the user declares that they may load a service that is not on loopback. */
  readonly ownTarget?: boolean;
  /** Devices at a time (closed model), 50 by default. With a rate: the limit of devices in flight, 2000 by default. */
  readonly concurrency?: number;
  /**
   * Average starts a second, whether or not earlier devices have ended (open model); latency counts from the scheduled
   * start.
   */
  readonly rate?: number;
  /** Limit of TLS handshakes in flight, 16 by default: with more, they only make each other time out. */
  readonly handshakes?: number;
  /** Milliseconds that a device has for registration, and again for its hub; 60 000 by default. */
  readonly timeout?: number;
  /** Stops the run: running devices end immediately and count as interrupted; there is still a report. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FleetProgress) => void;
  /** False: devices register but do not connect to their hub, for services whose hubs cannot be reached. */
  readonly hub?: boolean;
  /** Asks the service why it refused a device, so that the finding in its fleet file can be checked, too. */
  readonly findingOf?: (about: { trackingId?: string; registrationId: string }) => Promise<string | undefined>;
}
