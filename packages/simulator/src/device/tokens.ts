import { formatSas, REGISTRATION_KEY_NAME } from "@rollcall/protocol";
import type { DeviceIdentity } from "../attestation/proving/identity.js";
import { provings } from "../attestation/provings.js";

/** Lifetime of our tokens: an hour, as in the Node, Python and Java SDKs (wire.md#sas-by-client). */
const lifetimeSeconds = 3600;

export interface TokenRequest {
  /**
   * As returned by `provisioningResource` and `hubResource`; it is percent-encoded here, which is the documented form.
   */
  readonly resource: string;
  readonly now: number;
  /** True at the provisioning service, whose tokens name their key. */
  readonly named: boolean;
}

/** The token that this identity signs; undefined for X.509, which is proved in the handshake. */
export async function tokenFor(identity: DeviceIdentity, request: TokenRequest): Promise<string | undefined> {
  const proving = provings[identity.kind];
  if (!proving.sign) return undefined;
  const resource = encodeURIComponent(request.resource);
  const expiry = Math.floor(request.now / 1000) + lifetimeSeconds;
  const signature = await proving.sign(identity, resource, String(expiry));
  return formatSas({ resource, expiry, signature, ...(request.named && { keyName: REGISTRATION_KEY_NAME }) });
}
