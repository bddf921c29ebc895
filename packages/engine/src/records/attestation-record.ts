import type { AttestationKind } from "@rollcall/protocol";

/** A certificate in an enrollment: the certificate itself (base64 DER), or only its thumbprint. */
export interface EnrolledCertificate {
  readonly der?: string;
  /** Upper-case hex; SHA-256 unless the operator gave something else. */
  readonly thumbprint: string;
  /** Hex of the DER of the subject name; absent when only the thumbprint is known. */
  readonly subject?: string;
}

/** One or both: during a rollover, the primary certificate may be removed and the secondary kept. */
interface CertificatePair {
  readonly primary?: EnrolledCertificate;
  readonly secondary?: EnrolledCertificate;
}

/** The stored form of each kind of attestation. */
interface AttestationRecords {
  readonly x509:
    | ({ readonly type: "x509"; readonly holds: "clientCertificates" | "signingCertificates" } & CertificatePair)
    | ({
        readonly type: "x509";
        readonly holds: "caReferences";
        readonly primaryName?: string;
        readonly secondaryName?: string;
        /**
         * The referenced certificates as they were when the group was saved: verified, and their content never changes.
         */
      } & CertificatePair);
  readonly symmetricKey: {
    readonly type: "symmetricKey";
    readonly primaryKey: string;
    readonly secondaryKey: string;
  };
  readonly tpm: {
    readonly type: "tpm";
    readonly endorsementKey: string;
    readonly endorsementKeyHash: string;
    readonly storageRootKey?: string;
  };
}

/**
 * How the devices of an enrollment prove their identity; JSON, keys in base64. `K` names kinds; the default is all of
 * them.
 */
export type AttestationRecord<K extends AttestationKind = AttestationKind> = AttestationRecords[K];
