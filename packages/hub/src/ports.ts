import type {
  DeviceAndSession,
  DeviceChange,
  DeviceIdentity,
  LinkedHub,
  ModuleIdentity,
  SessionChange,
  Twin,
} from "@rollcall/protocol";

/** Module identities, beside the devices they belong to. */
export interface ModuleStore {
  /** Of one device, by module id. */
  list(hub: string, deviceId: string): Promise<readonly ModuleIdentity[]>;
  get(hub: string, deviceId: string, moduleId: string): Promise<ModuleIdentity | undefined>;
  /** Creates with the twin, or replaces; false when what is there is another, the device is gone, or there would be too many. */
  put(
    module: ModuleIdentity,
    more: { twin?: Twin; expected: undefined | "absent" | { readonly etag: string }; atMost: number },
  ): Promise<boolean>;
  /** Takes its twin, too; `changed`: its etag is another. */
  remove(
    hub: string,
    deviceId: string,
    moduleId: string,
    expectedEtag?: string,
  ): Promise<"removed" | "missing" | "changed">;
}

/** The storage of the hub's devices: the same store to which registrations are written. */
export interface DeviceStore {
  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined>;
  /** The identity with what the hub keeps of the device's session, in one look-up. */
  deviceAndSession(hub: string, deviceId: string): Promise<DeviceAndSession | undefined>;
  /**
   * Replaces the stored session of a device if it is still equal to `expected` (undefined: the device has no session).
   * Returns false when the stored session is different, or the device does not exist.
   */
  replaceSession(hub: string, deviceId: string, change: SessionChange): Promise<boolean>;
  twin(hub: string, deviceId: string): Promise<Twin | undefined>;
  /** Replaces a twin whose etag is still `expectedEtag`; false when it was changed or deleted. */
  updateTwin(twin: Twin, expectedEtag: string, changed?: "desired" | "reported"): Promise<boolean>;
  readonly modules: ModuleStore;
  /** Removes identity, twin and modules; false when the device does not exist. */
  removeDevice(hub: string, deviceId: string): Promise<boolean>;
  /** Calls back with changes by other processes that share the store. Absent when the store cannot be shared. */
  watch?(watcher: (change: DeviceChange) => void): void;
}

/** The interfaces that the hub needs. */
export interface HubPorts {
  readonly store: DeviceStore;
  readonly hubs: { linked(): readonly LinkedHub[] };
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Random bytes, for etags; the platform's by default. */
  readonly random?: (size: number) => Buffer;
  /** Called with internal errors; devices get "internal error". */
  readonly onFailure?: (error: unknown, trackingId: string) => void;
}
