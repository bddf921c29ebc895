import type { DeviceRequest, Engine } from "@rollcall/engine";
import { judgeApiVersion } from "@rollcall/protocol";

/** How many versions are remembered as warned about: enough for any real client, and bounded for others. */
const MAX_WARNED = 100;

/**
 * Wraps an engine and checks the api-version of its requests. A version newer than the known ones is warned about once.
 * Where only known versions are served, it is changed so that the engine refuses it.
 */
export function watchVersions(engine: Engine, policy: { knownOnly: boolean; warn(version: string): void }): Engine {
  const warned = new Set<string>();
  const look = <T extends DeviceRequest>(request: T): T => {
    const { apiVersion } = request;
    if (apiVersion === undefined || judgeApiVersion(apiVersion) !== "newer") return request;
    if (policy.knownOnly) return { ...request, apiVersion: `${apiVersion} (newer than this service knows)` };
    if (!warned.has(apiVersion) && warned.size < MAX_WARNED) {
      warned.add(apiVersion);
      policy.warn(apiVersion);
    }
    return request;
  };
  return {
    idScope: engine.idScope,
    admit: (request) => engine.admit(look(request)),
    register: (request) => engine.register(look(request)),
    operationStatus: (request) => engine.operationStatus(look(request)),
    softwareUpdate: (request) => engine.softwareUpdate(look(request)),
    lookUp: (request) => engine.lookUp(look(request)),
  };
}
