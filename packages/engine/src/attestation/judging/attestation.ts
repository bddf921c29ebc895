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

/** What a device comes with, seen from outside; `nothing` may also be a TPM at its first request. */
export type Shown = AttestationKind | "nothing";

/** The attestation mechanisms as the service answers them, by kind. */
type AnsweredMechanisms = { readonly [K in AttestationKind]: Extract<EnrolledMechanism, { readonly type: K }> };

/** An individual enrollment of this kind. */
export type EnrolledBy<K extends AttestationKind> = IndividualRecord & { readonly attestation: AttestationRecord<K> };

/** What an enrollment can be found by, beside its id. */
export interface AttestationLookUp {
  readonly by: "certificate" | "subject" | "endorsementKey";
  readonly value: string;
}

/** An uploaded CA certificate that an enrollment names, as it was when the enrollment was saved. */
export interface AuthorityReference {
  readonly name: string;
  readonly thumbprint: string;
}

/** What is wrong with a member of a record. */
export interface RecordProblem {
  readonly path: string;
  readonly message: string;
}

/** What reading an attestation needs besides it. */
export interface AttestationReading<K extends AttestationKind = AttestationKind> {
  readonly random: Random;
  /** What is stored: credentials that an update leaves out stay. */
  readonly existing?: AttestationRecord<K> | undefined;
  /** The uploaded CA certificates that the enrollment names, by `idKey` of the name. */
  readonly authorities?: ReadonlyMap<string, CaCertificateRecord>;
  /** What one symmetric key without the other is at creation: refused by the service API; a seed gets the other generated. */
  readonly loneKey?: "generate";
}

/** How the hub will know a device, and what its registration keeps for that. */
export interface HubAccess {
  readonly authentication: HubAuthentication;
  readonly kept?: Pick<RegistrationRecord, "tpm">;
}

/** The first half of a proof in two requests: what the device is answered, and what is noted of it. */
export interface Challenge {
  readonly finding: Finding;
  readonly body: TpmChallenge;
}

/** What follows the judgement: what a registration gives to the hub, to the device and to the webhook. */
export interface Finish {
  hubAccess(proof: AcceptedProof, random: Random): HubAccess;
  /** The member of a device's result that names this kind (wire.md#registration-state). */
  resultMember(record: RegistrationRecord, random: Random): AttestationMember;
  /** What the allocation webhook learns of the device (wire.md#webhook). */
  runtimeMember(request: AttestationRequest, proof: AcceptedProof, certificates: CertificateCache): RuntimeAttestation;
  /** Hears that the registration of a device is saved. */
  saved?(registrationId: string, challenges: ChallengeKeys): void;
  /** Answers a device that has yet to prove itself. Kinds without it prove themselves in one request. */
  challenge?(
    request: Pick<AttestationRequest, "registrationId">,
    proof: ProofOf<"challenge">,
    context: { readonly idScope: string; readonly challenges: ChallengeKeys; readonly random: Random },
  ): Challenge;
}

/**
 * One kind of attestation: all that the engine does differently for it. Its functions are methods, so that one table takes
 * the rows of all kinds: a row is looked up by the very record, source or proof that is then given to it.
 */
export interface Attestation<K extends AttestationKind = AttestationKind> {
  /** What a device may come with for an individual enrollment of this kind to judge it; anything else is a mismatch. */
  readonly judges: readonly Shown[];
  /** With the individual enrollment of this id. */
  individual(request: AttestationRequest, enrollment: EnrolledBy<K>, context: AttestationContext): Promise<Verdict>;
  /** Looks for a group; absent where no group may attest in this way. */
  group?(request: AttestationRequest, context: AttestationContext): Promise<Verdict>;
  /** What else to say when no group was found for a device whose credential is sound. */
  missingGroupHint?(request: AttestationRequest, context: AttestationContext): Promise<string>;

  /** Throws EnrollmentError for credentials that an enrollment of this kind (one device, or a group) cannot have. */
  refuse?(source: AttestationMechanism<K>, kind: EnrollmentKind): void;
  /** Makes the stored form. Throws EnrollmentError with the path from the enrollment on. */
  read(source: AttestationMechanism<K>, reading: AttestationReading<K>): AttestationRecord<K>;
  /** The mechanism on the wire, with all credentials. */
  wire(record: AttestationRecord<K>): AnsweredMechanisms[K];
  /** `wire` parses certificates: queries leave it out where they do not ask for it. */
  readonly isSlowToShow?: true;
  /** What no schema sees in a record from elsewhere: that what can be derived was derived from what is there. */
  checkRecord(record: AttestationRecord<K>, kind: EnrollmentKind): RecordProblem | undefined;

  /** Each once. */
  lookUps(record: AttestationRecord<K>): readonly AttestationLookUp[];
  /** The names of uploaded CA certificates in an enrollment on the wire. */
  namedAuthorities?(source: AttestationMechanism<K>): readonly string[];
  /** The same of a record. */
  references?(record: AttestationRecord<K>): readonly AuthorityReference[];
  /** base64 of the key that a device with this registration id signs with, where the enrollment says it. */
  deviceKey?(record: AttestationRecord<K>, kind: EnrollmentRecord["kind"], registrationId: string): string;

  readonly finish: Finish;
}
