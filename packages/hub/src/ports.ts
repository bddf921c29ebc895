import type {
  DeviceAndSession,
  DeviceChange,
  DeviceIdentity,
  LinkedHub,
  SessionChange,
  Twin,
} from "@rollcall/protocol";

/** Where the hub's devices are remembered: the same store that registration writes to. */
export interface DeviceStore {
  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined>;
  /** The identity with what the hub keeps of the device's session, in one look-up. */
  deviceAndSession(hub: string, deviceId: string): Promise<DeviceAndSession | undefined>;
  /** Replaces the session of a device that is still `expected` (undefined: none); false when it is another one, or there is no such device. */
  replaceSession(hub: string, deviceId: string, change: SessionChange): Promise<boolean>;
  twin(hub: string, deviceId: string): Promise<Twin | undefined>;
  /** Replaces a twin whose etag is still `expectedEtag`; false when it changed or is gone. */
  updateTwin(twin: Twin, expectedEtag: string, changed?: "desired" | "reported"): Promise<boolean>;
  /** Identity and twin; false when there is none. */
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
