import { decodeBase64, formatSas, REGISTRATION_KEY_NAME, signSas } from "@rollcall/protocol";
import { type DeviceIdentity, InvalidIdentityError } from "./identity.js";

/** How long our tokens live: the hour of the Node, Python and Java SDKs (wire.md#sas-by-client). */
const lifetimeSeconds = 3600;

export interface TokenRequest {
  /** As in `provisioningResource` and `hubResource`; percent-encoded here, the documented form. */
  readonly resource: string;
  readonly now: number;
  /** True at the provisioning service, whose tokens name their key. */
  readonly named: boolean;
}

/** The token that this identity signs; undefined for X.509, which proves itself in the handshake. */
export async function tokenFor(identity: DeviceIdentity, request: TokenRequest): Promise<string | undefined> {
  if (identity.kind === "x509") return undefined;
  const resource = encodeURIComponent(request.resource);
  const expiry = Math.floor(request.now / 1000) + lifetimeSeconds;
  const signature =
    identity.kind === "tpm"
      ? await identity.tpm.sign(Buffer.from(`${resource}\n${expiry}`))
      : signSas(keyBytes(identity.key), resource, String(expiry));
  return formatSas({ resource, expiry, signature, ...(request.named && { keyName: REGISTRATION_KEY_NAME }) });
}

function keyBytes(key: string): Buffer {
  const bytes = decodeBase64(key);
  if (bytes === undefined || bytes.length === 0) throw new InvalidIdentityError("the symmetric key is not base64");
  return bytes;
}
