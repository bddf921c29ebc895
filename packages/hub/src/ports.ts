import type { DeviceChange, DeviceIdentity, LinkedHub, ModuleIdentity, Twin } from "@rollcall/protocol";

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

/** Where the hub's devices are remembered: the same store that registration writes to. */
export interface DeviceStore {
  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined>;
  twin(hub: string, deviceId: string): Promise<Twin | undefined>;
  /** Replaces a twin whose etag is still `expectedEtag`; false when it changed or is gone. */
  updateTwin(twin: Twin, expectedEtag: string, changed?: "desired" | "reported"): Promise<boolean>;
  readonly modules: ModuleStore;
  /** Identity, twin and modules; false when there is none. */
  removeDevice(hub: string, deviceId: string): Promise<boolean>;
  /** Calls back with what other processes change that share the store. Absent: there are none. */
  watch?(watcher: (change: DeviceChange) => void): void;
}

/** What the hub needs of the world. */
export interface HubPorts {
  readonly store: DeviceStore;
  readonly hubs: { linked(): readonly LinkedHub[] };
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Random bytes, for etags; those of the platform unless given. */
  readonly random?: (size: number) => Buffer;
  /** Hears of faults of ours; devices are told "internal error". */
  readonly onFailure?: (error: unknown, trackingId: string) => void;
}
