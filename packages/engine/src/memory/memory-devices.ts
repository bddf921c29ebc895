import { isDeepStrictEqual } from "node:util";
import {
  type DeviceAndSession,
  type DeviceIdentity,
  type HubSession,
  idKey,
  type ModuleIdentity,
  modulePlace,
  type SessionChange,
  type Twin,
} from "@rollcall/protocol";
import type { DeviceFilter } from "../records/store.js";
import { pageOf, SortedMap } from "./memory-indexes.js";

/** A device at its hub. */
interface Place {
  readonly hub: string;
  readonly deviceId: string;
}

interface HubDevices {
  readonly identities: SortedMap<DeviceIdentity>;
  readonly twins: Map<string, Twin>;
  /** By device id, then by module id. */
  readonly modules: Map<string, SortedMap<ModuleIdentity>>;
  readonly sessions: Map<string, HubSession>;
}

/** Hub devices in memory: identities and twins, by hub (no case) and device id (with case). */
export class MemoryDevices {
  readonly #hubs = new Map<string, HubDevices>();

  #hub(hub: string): HubDevices {
    const key = hub.toLowerCase();
    const known = this.#hubs.get(key);
    if (known) return known;
    const made: HubDevices = {
      identities: new SortedMap(),
      twins: new Map(),
      modules: new Map(),
      sessions: new Map(),
    };
    this.#hubs.set(key, made);
    return made;
  }

  identity({ hub, deviceId }: Place): DeviceIdentity | undefined {
    return this.#hubs.get(hub.toLowerCase())?.identities.get(deviceId);
  }

  twin({ hub, deviceId }: Place): Twin | undefined {
    return this.#hubs.get(hub.toLowerCase())?.twins.get(deviceId);
  }

  withSession(place: Place): DeviceAndSession | undefined {
    const identity = this.identity(place);
    const session = this.#hubs.get(place.hub.toLowerCase())?.sessions.get(place.deviceId);
    return identity && { identity, ...(session && { session }) };
  }

  replaceSession(place: Place, { expected, next }: SessionChange): boolean {
    const known = this.withSession(place);
    if (!known || !isDeepStrictEqual(known.session, expected)) return false;
    const { sessions } = this.#hub(place.hub);
    if (next) sessions.set(place.deviceId, next);
    else sessions.delete(place.deviceId);
    return true;
  }

  /** A session stays as long as the device is the same registration's. */
  putIdentity(identity: DeviceIdentity): void {
    if (!this.isOwned(identity, idKey(identity.registrationId))) this.restoreIdentity(identity);
    else this.#hub(identity.hub).identities.set(identity.deviceId, identity);
  }

  /** Puts an identity over what is there, whose session ends. */
  restoreIdentity(identity: DeviceIdentity): void {
    const hub = this.#hub(identity.hub);
    hub.identities.set(identity.deviceId, identity);
    hub.sessions.delete(identity.deviceId);
  }

  putTwin(twin: Twin): void {
    this.#hub(twin.hub).twins.set(twin.deviceId, twin);
  }

  modules({ hub, deviceId }: Place): SortedMap<ModuleIdentity> | undefined {
    return this.#hubs.get(hub.toLowerCase())?.modules.get(deviceId);
  }

  putModule(module: ModuleIdentity): void {
    const { modules } = this.#hub(module.hub);
    const own = modules.get(module.deviceId) ?? new SortedMap<ModuleIdentity>();
    modules.set(module.deviceId, own);
    own.set(module.moduleId, module);
  }

  removeTwin({ hub, deviceId }: Place): void {
    this.#hub(hub).twins.delete(deviceId);
  }

  /** The modules of a device, with their twins. */
  removeModules(place: Place): void {
    for (const [, module] of this.modules(place)?.from(undefined) ?? [])
      this.removeTwin({ hub: place.hub, deviceId: modulePlace(module) });
    this.#hub(place.hub).modules.delete(place.deviceId);
  }

  /** Returns false when the identity does not exist. */
  remove(place: Place): boolean {
    if (!this.identity(place)) return false;
    const hub = this.#hub(place.hub);
    this.removeModules(place);
    hub.identities.delete(place.deviceId);
    hub.twins.delete(place.deviceId);
    hub.sessions.delete(place.deviceId);
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
