import type { JsonObject } from "../facts/json.js";

/**
 * Credentials by which a device authenticates at its hub, created by registration (wire.md#hub-identity). Keys are
 * base64, certificates base64 DER.
 */
export type HubAuthentication =
  | { readonly type: "symmetricKey"; readonly primaryKey: string; readonly secondaryKey?: string }
  /**
   * X.509, individual or group: upper-case hex SHA-256 of the leaf that registered. Records of older versions may have two (both
   * certificates of an individual enrollment), or none (of a group: the leaf was not noted), until the device registers again.
   */
  | { readonly type: "selfSigned"; readonly thumbprints: readonly string[] };

/** Whether connections that were made with the old authentication end: only a certificate is ever taken back. */
export function endsConnections(old: HubAuthentication, current: HubAuthentication): boolean {
  if (old.type !== "selfSigned") return false;
  if (current.type !== "selfSigned") return true;
  return old.thumbprints.some((each) => !current.thumbprints.includes(each));
}

/** A filter that a device subscribed to, with the quality of service it was granted. */
export interface HubSubscription {
  readonly filter: string;
  readonly qos: 0 | 1;
}

/** The session that a hub keeps for the next connection of a device with clean session 0 (wire.md#hub-sessions). */
export interface HubSession {
  /** Different for every session, so that data of an older session is never taken for data of this session. */
  readonly id: string;
  readonly subscriptions: readonly HubSubscription[];
}

/** The replacement of a stored session; undefined stands for no session. */
export interface SessionChange {
  readonly expected: HubSession | undefined;
  readonly next: HubSession | undefined;
}

/** A device with the session that its hub keeps, both read in one look-up. */
export interface DeviceAndSession {
  readonly identity: DeviceIdentity;
  readonly session?: HubSession;
}

/** A device in the registry of a hub. */
export interface DeviceIdentity {
  /** The hub as registration named it, without a port. */
  readonly hub: string;
  readonly deviceId: string;
  readonly registrationId: string;
  readonly authentication: HubAuthentication;
  readonly iotEdge: boolean;
  readonly status: "enabled" | "disabled";
  readonly createdAt: number;
}

/** How a module proves itself: by a key or a certificate of its own, never by its device's. */
export type ModuleAuthentication = HubAuthentication;

/** A module of a device in the registry of a hub (wire.md#module-identities). */
export interface ModuleIdentity {
  readonly hub: string;
  readonly deviceId: string;
  readonly moduleId: string;
  /** Another one each time a module of this name is created. */
  readonly generationId: string;
  readonly etag: string;
  /** Who manages the module, such as IotEdge. */
  readonly managedBy?: string;
  readonly authentication: ModuleAuthentication;
  readonly createdAt: number;
}

/**
 * A twin as it is stored (wire.md#twin-document, wire.md#twin-versions). Versions start at 1 and grow by one with every
 * accepted change.
 */
export interface Twin {
  readonly hub: string;
  /** Of a module: its place, `{deviceId}/{moduleId}`. */
  readonly deviceId: string;
  readonly tags: JsonObject;
  readonly desired: JsonObject;
  readonly desiredVersion: number;
  readonly desiredUpdatedAt: number;
  readonly reported: JsonObject;
  readonly reportedVersion: number;
  readonly reportedUpdatedAt: number;
  readonly etag: string;
}

/**
 * A change by another process that shares the store, for the devices that are connected here. `taken`: the place at the
 * hub was taken from its device (deleted, moved, assigned to another registration, or assigned again to the same
 * registration with another certificate). `missed`: changes of the other kinds may have been missed. `unheard`: changes
 * are not heard for now; `missed` follows.
 */
export type DeviceChange =
  | { readonly kind: "taken" | "desired"; readonly hub: string; readonly deviceId: string }
  | { readonly kind: "missed" }
  | { readonly kind: "unheard" };

/** A hub that the service may assign devices to. */
export interface LinkedHub {
  /** Host name that devices get as `assignedHub`: it contains a dot and no port (wire.md#hub-name). */
  readonly host: string;
  /** 1 to 1000 (wire.md#allocation). */
  readonly weight: number;
  /** False takes the hub out of allocation for enrollments that name no hub. */
  readonly applyAllocationPolicy: boolean;
  /** Milliseconds, for geoLatency. */
  readonly latency?: number;
}
