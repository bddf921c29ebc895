import type { DeviceIdentity, HubAuthentication, HubSession, SessionChange, Twin } from "@rollcall/protocol";
import type { DeviceStore } from "../ports.js";
import { MemoryModules } from "./memory-modules.js";

export const HUB = "hub.example";

/** The devices of one hub, in memory. Ids are looked up without case, as every store does. */
export class MemoryDevices implements DeviceStore {
  readonly twins = new Map<string, Twin>();
  readonly modules = new MemoryModules(this.twins);
  readonly sessions = new Map<string, HubSession>();
  readonly #identities = new Map<string, DeviceIdentity>();
  /** Called before each update, so that tests can make other changes in between. */
  beforeUpdate: () => void = () => undefined;

  add(deviceId: string, authentication: HubAuthentication, status: DeviceIdentity["status"] = "enabled"): void {
    const base = { hub: HUB, deviceId };
    this.#identities.set(deviceId.toLowerCase(), {
      ...base,
      registrationId: deviceId,
      authentication,
      iotEdge: false,
      status,
      createdAt: 0,
    });
    const sides = {
      desired: {},
      desiredVersion: 1,
      desiredUpdatedAt: 0,
      reported: {},
      reportedVersion: 1,
      reportedUpdatedAt: 0,
    };
    this.twins.set(deviceId, { ...base, tags: { site: "north" }, ...sides, etag: "first" });
  }

  async deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined> {
    return hub === HUB ? this.#identities.get(deviceId.toLowerCase()) : undefined;
  }

  async deviceAndSession(hub: string, deviceId: string) {
    const identity = await this.deviceIdentity(hub, deviceId);
    const session = this.sessions.get(deviceId);
    return identity && { identity, ...(session && { session }) };
  }

  async replaceSession(_hub: string, deviceId: string, { expected, next }: SessionChange): Promise<boolean> {
    const isExpected = JSON.stringify(this.sessions.get(deviceId)) === JSON.stringify(expected);
    if (!isExpected || !this.#identities.has(deviceId.toLowerCase())) return false;
    if (next) this.sessions.set(deviceId, next);
    else this.sessions.delete(deviceId);
    return true;
  }

  async twin(hub: string, deviceId: string): Promise<Twin | undefined> {
    return hub === HUB ? this.twins.get(deviceId) : undefined;
  }

  async updateTwin(twin: Twin, expectedEtag: string): Promise<boolean> {
    this.beforeUpdate();
    if (this.twins.get(twin.deviceId)?.etag !== expectedEtag) return false;
    this.twins.set(twin.deviceId, twin);
    return true;
  }

  async removeDevice(hub: string, deviceId: string): Promise<boolean> {
    this.twins.delete(deviceId);
    this.sessions.delete(deviceId);
    return hub === HUB && this.#identities.delete(deviceId.toLowerCase());
  }
}
