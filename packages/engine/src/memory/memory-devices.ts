import { type DeviceIdentity, idKey, type Twin } from "@rollcall/protocol";
import type { DeviceFilter } from "../records/store.js";
import { pageOf, SortedMap } from "./memory-indexes.js";

/** A device at its hub. */
interface Place {
  readonly hub: string;
  readonly deviceId: string;
}

/** Hub devices in memory: identities and twins, by hub (no case) and device id (with case). */
export class MemoryDevices {
  readonly #hubs = new Map<string, { identities: SortedMap<DeviceIdentity>; twins: Map<string, Twin> }>();

  #hub(hub: string) {
    const key = hub.toLowerCase();
    const known = this.#hubs.get(key);
    if (known) return known;
    const made = { identities: new SortedMap<DeviceIdentity>(), twins: new Map<string, Twin>() };
    this.#hubs.set(key, made);
    return made;
  }

  identity({ hub, deviceId }: Place): DeviceIdentity | undefined {
    return this.#hubs.get(hub.toLowerCase())?.identities.get(deviceId);
  }

  twin({ hub, deviceId }: Place): Twin | undefined {
    return this.#hubs.get(hub.toLowerCase())?.twins.get(deviceId);
  }

  putIdentity(identity: DeviceIdentity): void {
    this.#hub(identity.hub).identities.set(identity.deviceId, identity);
  }

  putTwin(twin: Twin): void {
    this.#hub(twin.hub).twins.set(twin.deviceId, twin);
  }

  /** Returns false when the identity does not exist. */
  remove(place: Place): boolean {
    if (!this.identity(place)) return false;
    const hub = this.#hub(place.hub);
    hub.identities.delete(place.deviceId);
    hub.twins.delete(place.deviceId);
    return true;
  }

  isOwned(place: Place, registrationKey: string): boolean {
    const owner = this.identity(place)?.registrationId;
    return owner !== undefined && idKey(owner) === registrationKey;
  }

  page(hub: string, { afterDeviceId, limit, search }: DeviceFilter): readonly DeviceIdentity[] {
    const known = this.#hubs.get(hub.toLowerCase());
    if (!known) return [];
    const part = search?.toLowerCase() ?? "";
    return pageOf(known.identities, { after: afterDeviceId, limit }, (_, key) => key.toLowerCase().includes(part));
  }

  count(hub: string): number {
    return this.#hubs.get(hub.toLowerCase())?.identities.size ?? 0;
  }

  /** Hubs that have devices. */
  hubs(): readonly string[] {
    return [...this.#hubs].filter(([, { identities }]) => identities.size > 0).map(([hub]) => hub);
  }
}
