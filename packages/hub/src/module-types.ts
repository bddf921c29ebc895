import type { ClientConnection, Finding, HubErrorBody, HubErrorName, HubRoute, ModuleAnswer } from "@rollcall/protocol";
import type { HubDevice } from "./hub-types.js";

/** A request of a device about its modules at its hub (wire.md#module-identities). */
export interface ModuleRequest {
  readonly operation: HubRoute;
  /** The host that was dialled, perhaps with a port; undefined where the request does not say it. */
  readonly host: string | undefined;
  readonly deviceId: string;
  /** Absent for a list. */
  readonly moduleId?: string;
  readonly apiVersion: string | undefined;
  readonly ifMatch: string | undefined;
  /** Of a PUT, as received. */
  readonly body: Uint8Array;
  /** The Authorization header; absent with X.509. */
  readonly token?: string;
  readonly connection: ClientConnection;
  readonly trackingId: string;
  /** Whether the module at this place is connected. */
  readonly isConnected: (place: HubDevice) => boolean;
}

/** The answer: a module, a list, nothing, or an error. */
export interface ModuleReply {
  readonly status: number;
  readonly body?: ModuleAnswer | readonly ModuleAnswer[] | HubErrorBody;
  readonly etag?: string;
  readonly error?: HubErrorName;
  /** Why the device itself was refused. */
  readonly findings?: readonly Finding[];
}
