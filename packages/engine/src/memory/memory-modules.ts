import { type ModuleIdentity, modulePlace } from "@rollcall/protocol";
import type { Expected, ModuleStore, Removal } from "../records/store.js";
import type { MemoryDevices } from "./memory-devices.js";
import { pageOf } from "./memory-indexes.js";
import { applies, removal } from "./memory-versions.js";

/** Module identities in memory: they stand beside the devices, so that both go together. */
export class MemoryModules implements ModuleStore {
  readonly #devices: MemoryDevices;

  constructor(devices: MemoryDevices) {
    this.#devices = devices;
  }

  async list(hub: string, deviceId: string): Promise<readonly ModuleIdentity[]> {
    const known = this.#devices.modules({ hub, deviceId });
    return known ? pageOf(known, { limit: Number.POSITIVE_INFINITY }) : [];
  }

  async get(hub: string, deviceId: string, moduleId: string): Promise<ModuleIdentity | undefined> {
    return this.#devices.modules({ hub, deviceId })?.get(moduleId);
  }

  async put(
    module: ModuleIdentity,
    { twin, expected, atMost }: { twin?: Parameters<MemoryDevices["putTwin"]>[0]; expected: Expected; atMost: number },
  ): Promise<boolean> {
    const known = this.#devices.modules(module);
    const old = known?.get(module.moduleId);
    if (!this.#devices.identity(module) || !applies(old, expected)) return false;
    if ((known?.size ?? 0) + (old ? 0 : 1) > atMost) return false;
    this.#devices.putModule(module);
    if (twin) this.#devices.putTwin(twin);
    return true;
  }

  async remove(hub: string, deviceId: string, moduleId: string, expectedEtag?: string): Promise<Removal> {
    const known = this.#devices.modules({ hub, deviceId });
    const answer = removal(known?.get(moduleId), expectedEtag);
    if (answer !== "removed") return answer;
    known?.delete(moduleId);
    this.#devices.removeTwin({ hub, deviceId: modulePlace({ deviceId, moduleId }) });
    return answer;
  }
}
