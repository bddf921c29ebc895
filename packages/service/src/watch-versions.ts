import type { DeviceRequest, Engine } from "@rollcall/engine";
import { judgeApiVersion } from "@rollcall/protocol";

/** How many versions are remembered as warned about: enough for any real client, and bounded for others. */
const MAX_WARNED = 100;

/** Wraps an engine and calls `warn` once for each api-version that is newer than the known ones. */
export function watchVersions(engine: Engine, warn: (version: string) => void): Engine {
  const warned = new Set<string>();
  const look = <T extends DeviceRequest>(request: T): T => {
    const { apiVersion } = request;
    if (apiVersion === undefined || judgeApiVersion(apiVersion) !== "newer") return request;
    if (!warned.has(apiVersion) && warned.size < MAX_WARNED) {
      warned.add(apiVersion);
      warn(apiVersion);
    }
    return request;
  };
  return {
    idScope: engine.idScope,
    admit: (request) => engine.admit(look(request)),
    register: (request) => engine.register(look(request)),
    operationStatus: (request) => engine.operationStatus(look(request)),
    lookUp: (request) => engine.lookUp(look(request)),
  };
}
