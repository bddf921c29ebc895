import type { CertificateCache } from "@rollcall/pki";
import type { AttestationKind, DeviceRegistration, Finding, HubAuthentication } from "@rollcall/protocol";
import type { DeviceRequest } from "../attempts/engine-types.js";
import type { EnrollmentRecord, IndividualRecord, Store } from "../records/ports.js";
import type { Challenges } from "./tpm/challenges.js";

/** What the three kinds of attestation need of the world. */
export interface AttestationContext {
  readonly store: Store;
  readonly idScope: string;
  /** An api-version newer than the known ones is refused. */
  readonly knownVersionsOnly: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly certificates: CertificateCache;
  readonly challenges: Challenges;
  /** A leaf that is enrolled by itself needs an uploaded CA too, unless it signed itself. */
  readonly strictX509: boolean;
  /** Whether so many tries may go into explaining a refusal; false when enough was explained in this second. */
  readonly afford: (cost: number) => boolean;
}

/** One device to be judged. `body` is absent while only the MQTT CONNECT is there. */
export interface AttestationRequest extends DeviceRequest {
  readonly body?: DeviceRegistration;
}

/** What became of the proof. Warnings may come with an acceptance; a refusal has at least one error. */
export interface Verdict {
  readonly findings: readonly Finding[];
  readonly enrollment?: EnrollmentRecord;
  readonly attestation?: AttestationKind;
  readonly proof?: Proof;
}

/** What an accepted device is known by from now on. */
export type Proof =
  | {
      readonly kind: "hubIdentity";
      readonly authentication: HubAuthentication /** Group devices: the id as proven. */;
      readonly deviceId: string;
    }
  /** A TPM that answered its challenge; the hub key is made anew with every registration. */
  | { readonly kind: "tpm"; readonly endorsementKey: Buffer; readonly storageRootKey: Buffer }
  /** A TPM's first request: it gets a challenge. */
  | { readonly kind: "challenge"; readonly endorsementKey: Buffer; readonly storageRootKey: Buffer };

/** One kind of attestation: with the individual enrollment of this id, or looking for a group. */
export interface Attestation {
  individual(request: AttestationRequest, enrollment: IndividualRecord, context: AttestationContext): Promise<Verdict>;
  group?(request: AttestationRequest, context: AttestationContext): Promise<Verdict>;
}
