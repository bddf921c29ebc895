/** The name of a module among the devices of a hub: its MQTT client id, and the `deviceId` of its twin. No device id has a slash. */
export function modulePlace({ deviceId, moduleId }: { readonly deviceId: string; readonly moduleId: string }): string {
  return `${deviceId}/${moduleId}`;
}

/** Takes a place apart: the id of the device, and of the module if it is a module's. */
export function splitPlace(place: string): { readonly deviceId: string; readonly moduleId?: string } {
  const slash = place.indexOf("/");
  return slash < 0 ? { deviceId: place } : { deviceId: place.slice(0, slash), moduleId: place.slice(slash + 1) };
}
