import type { AttestationKind } from "../facts/attestation-kinds.js";
import type { ErrorBody } from "../facts/error-body.js";
import type { Json } from "../facts/json.js";
import type { RegistrationStatus, Substatus } from "../facts/statuses.js";

/** Body of a register request (wire.md#device-registration); everything may be absent over MQTT. */
export interface DeviceRegistration {
  readonly registrationId?: string;
  readonly tpm?: { readonly endorsementKey: string; readonly storageRootKey?: string };
  readonly payload?: Json;
  /** base64 of a DER PKCS#10; preview versions only. */
  readonly csr?: string;
}

/** The 401 of a TPM registration that is not a refusal (wire.md#tpm-challenge). */
export interface TpmChallenge {
  readonly message: string;
  readonly keyName: string;
  /** base64 of the six parts of wire.md#tpm-blob. */
  readonly authenticationKey: string;
}

interface AttestationResults {
  readonly x509: Record<string, never>;
  readonly symmetricKey: { readonly enrollmentGroupId?: string };
  readonly tpm: { readonly authenticationKey: string };
}
/** The attestation's member of a result: exactly one (wire.md#registration-state). */
export type AttestationMember = { readonly [K in AttestationKind]?: AttestationResults[K] };

/** The registration as the device gets it (wire.md#registration-state). Dates as `formatDate` writes them. */
export interface DeviceRegistrationResult extends AttestationMember {
  readonly registrationId: string;
  readonly createdDateTimeUtc?: string;
  readonly assignedHub?: string;
  readonly deviceId?: string;
  readonly status: RegistrationStatus;
  readonly substatus?: Substatus;
  readonly errorCode?: number;
  readonly errorMessage?: string;
  readonly lastUpdatedDateTimeUtc?: string;
  readonly etag?: string;
  readonly payload?: Json;
}

/** Answer to register and to a poll (wire.md#reply-bodies). */
export interface RegistrationOperationStatus {
  readonly operationId: string;
  readonly status: RegistrationStatus;
  readonly registrationState?: DeviceRegistrationResult;
}

export type ReplyBody = RegistrationOperationStatus | DeviceRegistrationResult | TpmChallenge | ErrorBody;

/**
 * A reply, the same on every transport: MQTT puts status and retryAfter into the topic, HTTPS into status line and
 * header.
 */
export interface Reply {
  readonly status: number;
  /** Seconds, whole. */
  readonly retryAfter?: number;
  readonly body: ReplyBody;
  /** Identifies the attempt, for `explain`. */
  readonly trackingId: string;
}

/**
 * JSON in which every character outside ASCII is escaped: Node's SDK decodes MQTT bodies as ASCII
 * (wire.md#json-escapes).
 */
export function toAsciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
