import type { CertificateCache } from "@rollcall/pki";
import type {
  AttestationKind,
  AttestationMechanism,
  AttestationMember,
  EnrolledMechanism,
  EnrollmentKind,
  Finding,
  HubAuthentication,
  RuntimeAttestation,
  TpmChallenge,
} from "@rollcall/protocol";
import type { AttestationRecord } from "../../records/attestation-record.js";
import type { Random } from "../../records/ports.js";
import type {
  CaCertificateRecord,
  EnrollmentRecord,
  IndividualRecord,
  RegistrationRecord,
} from "../../records/records.js";
import type {
  AcceptedProof,
  AttestationContext,
  AttestationRequest,
  ChallengeKeys,
  ProofOf,
  Verdict,
} from "./verdict.js";

/** The kind of credential that a device shows; `nothing` may also be a TPM at its first request. */
export type Shown = AttestationKind | "nothing";

/** The attestation mechanisms as the service returns them, by kind. */
type AnsweredMechanisms = { readonly [K in AttestationKind]: Extract<EnrolledMechanism, { readonly type: K }> };

/** An individual enrollment of this kind. */
export type EnrolledBy<K extends AttestationKind> = IndividualRecord & { readonly attestation: AttestationRecord<K> };

/** A value by which an enrollment can be found, besides its id. */
export interface AttestationLookUp {
  readonly by: "certificate" | "subject" | "endorsementKey";
  readonly value: string;
}

/** An uploaded CA certificate to which an enrollment refers, as it was when the enrollment was saved. */
export interface AuthorityReference {
  readonly name: string;
  readonly thumbprint: string;
}

/** An error in a member of a record. */
export interface RecordProblem {
  readonly path: string;
  readonly message: string;
}

/** The context for reading an attestation. */
export interface AttestationReading<K extends AttestationKind = AttestationKind> {
  readonly random: Random;
  /** The stored attestation: its credentials stay when an update leaves them out. */
  readonly existing?: AttestationRecord<K> | undefined;
  /** The uploaded CA certificates to which the enrollment refers, by `idKey` of the name. */
  readonly authorities?: ReadonlyMap<string, CaCertificateRecord>;
  /**
   * At creation with only one symmetric key: a seed has the other key generated; the service API refuses the enrollment
   * (absent).
   */
  readonly loneKey?: "generate";
}

/** How the hub will authenticate a device, and what the registration keeps for that. */
export interface HubAccess {
  readonly authentication: HubAuthentication;
  readonly kept?: Pick<RegistrationRecord, "tpm">;
}

/** The first half of a proof in two requests: the answer to the device, and the finding for the attempt. */
export interface Challenge {
  readonly finding: Finding;
  readonly body: TpmChallenge;
}

/** The steps after the judgement: what a registration gives to the hub, to the device and to the webhook. */
export interface Finish {
  hubAccess(proof: AcceptedProof, random: Random): HubAccess;
  /** The member of a device's result that names this kind (wire.md#registration-state). */
  resultMember(record: RegistrationRecord, random: Random): AttestationMember;
  /** The facts about the device that the allocation webhook gets (wire.md#webhook). */
  runtimeMember(request: AttestationRequest, proof: AcceptedProof, certificates: CertificateCache): RuntimeAttestation;
  /** Called after the registration of a device was saved. */
  saved?(registrationId: string, challenges: ChallengeKeys): void;
  /** Answers a device that has to answer a challenge first. Absent for kinds whose proof takes one request. */
  challenge?(
    request: Pick<AttestationRequest, "registrationId">,
    proof: ProofOf<"challenge">,
    context: { readonly idScope: string; readonly challenges: ChallengeKeys; readonly random: Random },
  ): Challenge;
}

/**
 * One kind of attestation: everything in which the engine treats it differently. Its functions are methods, so that one
 * table can have the rows of all kinds: a row is looked up by the record, source or proof that is then passed to it.
 */
export interface Attestation<K extends AttestationKind = AttestationKind> {
  /** The credentials that an individual enrollment of this kind judges; anything else is a mismatch. */
  readonly judges: readonly Shown[];
  /** Judges a device by the individual enrollment with its id. */
  individual(request: AttestationRequest, enrollment: EnrolledBy<K>, context: AttestationContext): Promise<Verdict>;
  /** Looks for a group and judges the device by it; absent for kinds that groups cannot use. */
  group?(request: AttestationRequest, context: AttestationContext): Promise<Verdict>;
  /** An addition to the finding when no group was found for a device whose credential is sound. */
  missingGroupHint?(request: AttestationRequest, context: AttestationContext): Promise<string>;

  /** Throws EnrollmentError for credentials that an individual enrollment or a group of this kind must not have. */
  refuse?(source: AttestationMechanism<K>, kind: EnrollmentKind): void;
  /** Makes the stored form. Throws EnrollmentError with the path from the enrollment on. */
  read(source: AttestationMechanism<K>, reading: AttestationReading<K>): AttestationRecord<K>;
  /** The mechanism on the wire, with all credentials. */
  wire(record: AttestationRecord<K>): AnsweredMechanisms[K];
  /** True if `wire` is slow because it parses certificates: queries that do not need the mechanism leave it out. */
  readonly isSlowToShow?: true;
  /**
   * Checks what the schema of an imported record cannot: derived members must match the members that they are derived
   * from.
   */
  checkRecord(record: AttestationRecord<K>, kind: EnrollmentKind): RecordProblem | undefined;

  /** Each value once. */
  lookUps(record: AttestationRecord<K>): readonly AttestationLookUp[];
  /** The names of uploaded CA certificates in an enrollment on the wire. */
  namedAuthorities?(source: AttestationMechanism<K>): readonly string[];
  /** The uploaded CA certificates to which a record refers. */
  references?(record: AttestationRecord<K>): readonly AuthorityReference[];
  /** base64 of the key with which the device with this registration id signs, if the enrollment determines it. */
  deviceKey?(record: AttestationRecord<K>, kind: EnrollmentRecord["kind"], registrationId: string): string;

  readonly finish: Finish;
}
