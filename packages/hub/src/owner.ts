import { type DeviceIdentity, type HubAuthentication, type ModuleIdentity, splitPlace } from "@rollcall/protocol";
import type { HubDevice } from "./hub-types.js";
import type { DeviceStore } from "./ports.js";

/** Who has a place at a hub: a device, or a module of a device. A connection lasts as long as its place has the same owner. */
export interface Owner {
  /** Of the device; of a module with its generation, since a module may be deleted and created anew. */
  readonly registrationId: string;
  readonly status: DeviceIdentity["status"];
  readonly authentication: HubAuthentication;
}

/** The owner of a module's place; a disabled device has no module that may connect. */
export const moduleOwner = (
  { registrationId, status }: DeviceIdentity,
  { generationId, authentication }: ModuleIdentity,
): Owner => ({
  registrationId: `${registrationId}/${generationId}`,
  status,
  authentication,
});

/** Reads who has the place now. */
export async function ownerOf(store: DeviceStore, place: HubDevice): Promise<Owner | undefined> {
  const { deviceId, moduleId } = splitPlace(place.deviceId);
  const identity = await store.deviceIdentity(place.hub, deviceId);
  if (identity?.deviceId !== deviceId || moduleId === undefined) {
    return identity?.deviceId === deviceId ? identity : undefined;
  }
  const module = await store.modules.get(place.hub, deviceId, moduleId);
  return module && moduleOwner(identity, module);
}
