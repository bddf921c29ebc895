import { type ModuleIdentity, modulePlace, type Twin } from "@rollcall/protocol";
import type { ModuleStore } from "../ports.js";

/** Modules in memory, with their twins beside those of the devices. */
export class MemoryModules implements ModuleStore {
  readonly #modules = new Map<string, ModuleIdentity>();
  readonly #twins: Map<string, Twin>;

  constructor(twins: Map<string, Twin>) {
    this.#twins = twins;
  }

  async list(_hub: string, deviceId: string): Promise<readonly ModuleIdentity[]> {
    return [...this.#modules.values()].filter((each) => each.deviceId === deviceId);
  }

  async get(_hub: string, deviceId: string, moduleId: string): Promise<ModuleIdentity | undefined> {
    return this.#modules.get(modulePlace({ deviceId, moduleId }));
  }

  async put(module: ModuleIdentity, { twin, expected, atMost }: Parameters<ModuleStore["put"]>[1]): Promise<boolean> {
    const place = modulePlace(module);
    const old = this.#modules.get(place);
    if (expected === "absent" ? old : old?.etag !== expected?.etag) return false;
    if (!old && (await this.list(module.hub, module.deviceId)).length >= atMost) return false;
    this.#modules.set(place, module);
    if (twin) this.#twins.set(place, twin);
    return true;
  }

  async remove(_hub: string, deviceId: string, moduleId: string, etag?: string): ReturnType<ModuleStore["remove"]> {
    const place = modulePlace({ deviceId, moduleId });
    const old = this.#modules.get(place);
    if (!old) return "missing";
    if (etag !== undefined && old.etag !== etag) return "changed";
    this.#modules.delete(place);
    this.#twins.delete(place);
    return "removed";
  }
}
