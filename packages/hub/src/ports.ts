import type {
  DeviceAndSession,
  DeviceChange,
  DeviceIdentity,
  LinkedHub,
  SessionChange,
  Twin,
} from "@rollcall/protocol";

/** The storage of the hub's devices: the same store to which registrations are written. */
export interface DeviceStore {
  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined>;
  /** The identity with what the hub keeps of the device's session, in one look-up. */
  deviceAndSession(hub: string, deviceId: string): Promise<DeviceAndSession | undefined>;
  /** Replaces the session of a device that is still `expected` (undefined: none); false when it is another one, or there is no such device. */
  replaceSession(hub: string, deviceId: string, change: SessionChange): Promise<boolean>;
  twin(hub: string, deviceId: string): Promise<Twin | undefined>;
  /** Replaces a twin whose etag is still `expectedEtag`; false when it was changed or deleted. */
  updateTwin(twin: Twin, expectedEtag: string, changed?: "desired" | "reported"): Promise<boolean>;
  /** Removes identity and twin; false when the device does not exist. */
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
