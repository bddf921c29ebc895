import type { ClientConnection, Json, JsonObject, TurnedAway, Twin } from "@rollcall/protocol";

/** A device at its hub. `hub` is the linked hub's host, without a port. */
export interface HubDevice {
  readonly hub: string;
  readonly deviceId: string;
}

/** The request of a device to connect. `hub` and `deviceId` as in the user name: `hub` may contain a port. */
export interface HubConnectRequest {
  readonly hub: string;
  readonly deviceId: string;
  readonly moduleId?: string;
  /** A SAS token (over MQTT the password); absent with X.509. */
  readonly token?: string;
  readonly connection: ClientConnection;
  /** Tracking id of the attempt, with which internal errors are reported. */
  readonly trackingId: string;
}

export type HubAdmission =
  /** Call `left` when the connection has ended. Absent if nothing waits for that. */
  { readonly kind: "accepted"; readonly device: HubDevice; readonly left?: () => void } | TurnedAway;

/** A twin reply: status, JSON body (absent: empty), and the new version after a PATCH. */
export interface TwinReply {
  readonly status: number;
  readonly body?: Json;
  readonly version?: number;
}

/** An operator's change of a twin: merge patches (RFC 7386) of one or both parts. */
export interface TwinPatch {
  readonly desired?: JsonObject;
  readonly tags?: JsonObject;
}

/**
 * The assigned hub, limited to a device's first minutes; it uses no sockets and no transports. The methods for devices
 * (`connect`, `twin`, `patchReported`) never reject: an internal error becomes `unavailable` or status 500, and is
 * reported to `onFailure`.
 */
export interface Hub {
  /** Decides whether a device may connect. */
  connect(request: HubConnectRequest): Promise<HubAdmission>;
  /** Answers `$iothub/twin/GET`: `{desired: {…, $version}, reported: {…, $version}}`. */
  twin(device: HubDevice, trackingId?: string): Promise<TwinReply>;
  /** Applies a JSON merge patch of reported properties; 204 with the new version, or 400, 412, 413, 404. */
  patchReported(
    device: HubDevice,
    patch: Uint8Array,
    about?: { readonly baseVersion?: number | undefined; readonly trackingId?: string | undefined },
  ): Promise<TwinReply>;
  /** Applies an operator's merge patch of desired properties and tells the watchers; returns the new version. */
  patchDesired(device: HubDevice, patch: JsonObject): Promise<number | undefined>;
  /**
   * Applies an operator's patch completely or not at all, and tells the watchers of desired properties. Returns the new
   * twin. Throws DpsError: deviceNotFound, badRequest, preconditionFailed (the etag is not among `ifEtags`), conflict
   * (too many changes at the same time).
   */
  patchTwin(device: HubDevice, patch: TwinPatch, ifEtags?: readonly string[]): Promise<Twin>;
  /** Removes a device and its twin, and tells the watchers, since it may be connected. False when it does not exist. */
  removeDevice(device: HubDevice): Promise<boolean>;
  /** Tells the watchers that a registration took this place from its former device, which may be connected. */
  disconnect(device: HubDevice): Promise<void>;
  /** Calls back with every removed device. Returns the function that stops this. */
  watchRemoved(watcher: (device: HubDevice) => void): () => void;
  /**
   * Calls back with every change of desired properties: the patch with `$version` inside. Returns the function that
   * stops this.
   */
  watchDesired(watcher: (device: HubDevice, patch: JsonObject) => void): () => void;
  /** Counts a telemetry message; its content is not kept. */
  countTelemetry(device: HubDevice): void;
  readonly telemetryCount: number;
}
