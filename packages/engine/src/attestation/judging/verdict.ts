import type { CertificateCache } from "@rollcall/pki";
import type { AttestationKind, DeviceRegistration, Finding, HubAuthentication } from "@rollcall/protocol";
import type { DeviceRequest } from "../../attempts/engine-types.js";
import type { EnrollmentRecord } from "../../records/records.js";
import type { Store } from "../../records/store.js";
import type { ConnectionProofs } from "./connection-proofs.js";

/** The facts to which a challenge is bound: registration id, endorsement key and storage root key (TPM2B_PUBLIC). */
export interface ChallengeSubject {
  readonly registrationId: string;
  readonly endorsementKey: Uint8Array;
  readonly storageRootKey: Uint8Array;
}

/** The keys of open challenges; `tpm/challenges.ts` says how they are made. */
export interface ChallengeKeys {
  /** Makes the key of a new challenge, 32 bytes, and remembers the subject's storage root key. */
  issue(subject: ChallengeSubject): Buffer;
  /**
   * The keys with which a token may be signed now, newest first: of this window and of the `before` windows before it.
   */
  keys(subject: ChallengeSubject, before?: number): readonly Buffer[];
  /** Storage root keys that were recently challenged under this id. */
  storageRootKeys(registrationId: string): readonly Buffer[];
  /** Forgets the challenges of a device that has answered. */
  forget(registrationId: string): void;
}

/** The context that every kind of attestation needs. */
export interface AttestationContext {
  readonly store: Store;
  readonly idScope: string;
  /** An api-version newer than the known versions is refused. */
  readonly knownVersionsOnly: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly certificates: CertificateCache;
  /** The certificates of each connection, read and judged once. */
  readonly proofs: ConnectionProofs;
  readonly challenges: ChallengeKeys;
  /** True if a leaf that is enrolled individually also needs an uploaded CA, unless it is self-signed. */
  readonly strictX509: boolean;
  /**
   * True if the budget allows work of this cost for explaining a refusal; false when the second's budget is used up.
   */
  readonly mayExplain: (cost: number) => boolean;
}

/** A device to be judged. `body` is absent at an MQTT CONNECT. */
export interface AttestationRequest extends DeviceRequest {
  readonly body?: DeviceRegistration;
}

/** The result of judging a proof. An accepted device may have warnings; a refused one has at least one error. */
export interface Verdict {
  readonly findings: readonly Finding[];
  readonly enrollment?: EnrollmentRecord;
  readonly attestation?: AttestationKind;
  readonly proof?: Proof;
}

/** The identity under which an accepted device is known from now on. */
export type Proof =
  | {
      readonly kind: "hubIdentity";
      readonly authentication: HubAuthentication /** Group devices: the id as proven. */;
      readonly deviceId: string;
    }
  /** A TPM that answered its challenge; each registration makes a new hub key. */
  | { readonly kind: "tpm"; readonly endorsementKey: Buffer; readonly storageRootKey: Buffer }
  /** A TPM's first request: it gets a challenge. */
  | { readonly kind: "challenge"; readonly endorsementKey: Buffer; readonly storageRootKey: Buffer };

/** A proof of this kind. */
export type ProofOf<Kind extends Proof["kind"]> = Extract<Proof, { readonly kind: Kind }>;
/** The proof of a device that was let in. */
export type AcceptedProof = Exclude<Proof, { readonly kind: "challenge" }>;
