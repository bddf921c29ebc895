import type {
  ClientConnection,
  Finding,
  HubErrorBody,
  HubErrorName,
  HubRoute,
  HubSubscription,
  Json,
  JsonObject,
  ModuleAnswer,
  TurnedAway,
  Twin,
} from "@rollcall/protocol";

/** A device at its hub, or a module, whose `deviceId` is its place (`{deviceId}/{moduleId}`). `hub` is the linked hub's host, without a port. */
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
  /** Whether subscriptions outlast the connection (MQTT: clean session 0), or those that did are forgotten. Absent: neither. */
  readonly session?: "keep" | "clean";
  /** Of the attempt: under it, faults of ours are reported. */
  readonly trackingId: string;
}

/** The session of a connection whose subscriptions outlast it. */
export interface KeptSession {
  /** Another one for every session of every device. */
  readonly id: string;
  /** Whether the device had it before (session present of MQTT). */
  readonly isPresent: boolean;
  /** As they were at the CONNECT. */
  readonly subscriptions: readonly HubSubscription[];
}

export type HubAdmission =
  | {
      readonly kind: "accepted";
      readonly device: HubDevice;
      /** To be called when the connection is over. Absent: nobody waits for that. */
      readonly left?: () => void;
      /** Where the request asked to keep one. */
      readonly session?: KeptSession;
    }
  | TurnedAway;

/** Why a device is to be disconnected: it is gone from its place, or it registered with another certificate. */
export type DisconnectReason = "removed" | "renewed";

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
  /** Answers what a device asks of its modules over HTTPS (wire.md#module-identities). Never rejects: a fault of ours is status 500. */
  answerModules(request: ModuleRequest): Promise<ModuleReply>;
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
  /**
   * Tells who watches that a registration took this place at the hub from the device that had it ("removed"), or registered it with
   * another certificate ("renewed"): it may be connected.
   */
  disconnect(device: HubDevice, reason?: DisconnectReason): Promise<void>;
  /** Keeps the subscriptions of a session; done when they are stored. False when they could not be: that is told to `onFailure`. */
  keepSubscriptions(
    session: KeptSession,
    subscriptions: readonly HubSubscription[],
    trackingId?: string,
  ): Promise<boolean>;
  /** Calls back with every device that was taken away, or whose certificate was. Returns the way to stop. */
  watchRemoved(watcher: (device: HubDevice, reason: DisconnectReason) => void): () => void;
  /** Calls back with every change of desired properties: the patch with `$version` inside. Returns the way to stop. */
  watchDesired(watcher: (device: HubDevice, patch: JsonObject) => void): () => void;
  /** Counts a telemetry message; its content is not kept. */
  countTelemetry(device: HubDevice): void;
  readonly telemetryCount: number;
}

/** A request of a device about its modules at its hub (wire.md#module-identities). */
export interface ModuleRequest {
  readonly operation: HubRoute;
  /** The host that was dialled, perhaps with a port; undefined where the request does not say it. */
  readonly host: string | undefined;
  readonly deviceId: string;
  /** Absent for a list. */
  readonly moduleId?: string;
  readonly apiVersion: string | undefined;
  readonly ifMatch: string | undefined;
  /** Of a PUT, as received. */
  readonly body: Uint8Array;
  /** The Authorization header; absent with X.509. */
  readonly token?: string;
  readonly connection: ClientConnection;
  readonly trackingId: string;
  /** Whether the module at this place is connected. */
  readonly isConnected: (place: HubDevice) => boolean;
}

/** The answer: a module, a list, nothing, or an error. */
export interface ModuleReply {
  readonly status: number;
  readonly body?: ModuleAnswer | readonly ModuleAnswer[] | HubErrorBody;
  readonly etag?: string;
  readonly error?: HubErrorName;
  /** Why the device itself was refused. */
  readonly findings?: readonly Finding[];
}
