import type { ClientConnection, Json, JsonObject, TurnedAway, Twin } from "@rollcall/protocol";
import type { ModuleReply, ModuleRequest } from "./module-types.js";

/** A device at its hub, or a module, whose `deviceId` is its place (`{deviceId}/{moduleId}`). `hub` is the linked hub's host, without a port. */
export interface HubDevice {
  readonly hub: string;
  readonly deviceId: string;
}

/** What a device sends to connect. `hub` and `deviceId` as in the user name: `hub` may carry a port. */
export interface HubConnectRequest {
  readonly hub: string;
  readonly deviceId: string;
  readonly moduleId?: string;
  /** A SAS token (over MQTT the password); absent with X.509. */
  readonly token?: string;
  readonly connection: ClientConnection;
  /** Of the attempt: under it, faults of ours are reported. */
  readonly trackingId: string;
}

export type HubAdmission =
  /** `left` is to be called when the connection is over. Absent: nobody waits for that. */
  { readonly kind: "accepted"; readonly device: HubDevice; readonly left?: () => void } | TurnedAway;

/** A twin reply: status, JSON body (absent: empty), and the new version of a PATCH. */
export interface TwinReply {
  readonly status: number;
  readonly body?: Json;
  readonly version?: number;
}

/** What an operator changes of a twin: merge patches (RFC 7386) of either part, or both at once. */
export interface TwinPatch {
  readonly desired?: JsonObject;
  readonly tags?: JsonObject;
}

/**
 * The assigned hub, as far as a device's first minutes; knows no sockets and no transports. What devices ask (`connect`, `twin`,
 * `patchReported`) never rejects: a fault of ours is `unavailable` or status 500, and is told to `onFailure`.
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
  /** Answers what a device asks of its modules over HTTPS (wire.md#module-identities). Never rejects: a fault of ours is status 500. */
  answerModules(request: ModuleRequest): Promise<ModuleReply>;
  /** Applies a merge patch of desired properties (operator's side) and tells who watches; the new version. */
  patchDesired(device: HubDevice, patch: JsonObject): Promise<number | undefined>;
  /**
   * Applies an operator's patch, all of it or nothing, and tells who watches of desired properties. Returns the new twin.
   * Throws DpsError: deviceNotFound, badRequest, preconditionFailed (an etag that is not among `ifEtags`), conflict (too many at once).
   */
  patchTwin(device: HubDevice, patch: TwinPatch, ifEtags?: readonly string[]): Promise<Twin>;
  /** Takes a device and its twin away, and tells who watches: it may be connected. False when there is none. */
  removeDevice(device: HubDevice): Promise<boolean>;
  /** Tells who watches that a registration took this place at the hub from the device that had it: it may be connected. */
  disconnect(device: HubDevice): Promise<void>;
  /** Calls back with every device that was taken away. Returns the way to stop. */
  watchRemoved(watcher: (device: HubDevice) => void): () => void;
  /** Calls back with every change of desired properties: the patch with `$version` inside. Returns the way to stop. */
  watchDesired(watcher: (device: HubDevice, patch: JsonObject) => void): () => void;
  /** Telemetry is accepted and counted. */
  countTelemetry(device: HubDevice): void;
  readonly telemetryCount: number;
}
