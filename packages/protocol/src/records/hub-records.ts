import type { JsonObject } from "../facts/json.js";

/**
 * Credentials by which a device authenticates at its hub, created by registration (wire.md#hub-identity). Keys are
 * base64, certificates base64 DER.
 */
export type HubAuthentication =
  | { readonly type: "symmetricKey"; readonly primaryKey: string; readonly secondaryKey?: string }
  /** Individual X.509: upper-case hex SHA-256 of the leaf. */
  | { readonly type: "x509Thumbprint"; readonly primary: string; readonly secondary?: string }
  /** Group X.509: a leaf with the device id as common name, chained to one of these certificates. */
  | { readonly type: "x509Authority"; readonly authorities: readonly string[] };

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
export type ModuleAuthentication = Exclude<HubAuthentication, { readonly type: "x509Authority" }>;

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
 * A change by another process with the same store that concerns devices connected here. `taken`: the device lost its
 * place at the hub (it was deleted or moved, or the place now belongs to another device). `missed`: changes may have
 * been lost. `unheard`: no changes arrive for now; `missed` follows.
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
