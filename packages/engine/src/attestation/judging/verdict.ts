import type { CertificateCache } from "@rollcall/pki";
import type { AttestationKind, DeviceRegistration, Finding, HubAuthentication } from "@rollcall/protocol";
import type { DeviceRequest } from "../../attempts/engine-types.js";
import type { EnrollmentRecord } from "../../records/records.js";
import type { Store } from "../../records/store.js";

/** What a challenge is bound to: registration id, endorsement key and storage root key (TPM2B_PUBLIC). */
export interface ChallengeSubject {
  readonly registrationId: string;
  readonly endorsementKey: Uint8Array;
  readonly storageRootKey: Uint8Array;
}

/** The keys of open challenges; `tpm/challenges.ts` says how they come about. */
export interface ChallengeKeys {
  /** The key for a new challenge, 32 bytes; its storage root key is remembered. */
  issue(subject: ChallengeSubject): Buffer;
  /** The keys that a token may be signed with now, newest first: of this window and of `before` ones. */
  keys(subject: ChallengeSubject, before?: number): readonly Buffer[];
  /** Storage root keys that were challenged lately under this id. */
  storageRootKeys(registrationId: string): readonly Buffer[];
  /** The device answered: its challenges are of no use any more. */
  forget(registrationId: string): void;
}

/** What every kind of attestation needs of the world. */
export interface AttestationContext {
  readonly store: Store;
  readonly idScope: string;
  /** An api-version newer than the known ones is refused. */
  readonly knownVersionsOnly: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly certificates: CertificateCache;
  readonly challenges: ChallengeKeys;
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

/** The proof of this kind. */
export type ProofOf<Kind extends Proof["kind"]> = Extract<Proof, { readonly kind: Kind }>;
/** The proof of a device that was let in. */
export type AcceptedProof = Exclude<Proof, { readonly kind: "challenge" }>;
