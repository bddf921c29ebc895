import type { DeviceRequest, Engine } from "@rollcall/engine";
import { judgeApiVersion } from "@rollcall/protocol";

/** Versions that are remembered as warned about: enough for any real client, bounded for the others. */
const MAX_WARNED = 100;

/**
 * Passes requests on and looks at their api-version: a newer one than is known is warned about once, and refused where
 * only known ones are served.
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
    lookUp: (request) => engine.lookUp(look(request)),
  };
}
