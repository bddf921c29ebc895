import type { AttestationKind } from "@rollcall/protocol";

/** A certificate as an enrollment holds it: the certificate (base64 DER), or only its thumbprint. */
export interface EnrolledCertificate {
  readonly der?: string;
  /** Upper-case hex; SHA-256 unless the operator gave something else. */
  readonly thumbprint: string;
  /** Hex of the DER of the subject name, when the certificate is there. */
  readonly subject?: string;
}

/** One or both: who rolls certificates may take the primary one away and keep the secondary. */
interface CertificatePair {
  readonly primary?: EnrolledCertificate;
  readonly secondary?: EnrolledCertificate;
}

/** What is stored of each kind. */
interface AttestationRecords {
  readonly x509:
    | ({ readonly type: "x509"; readonly holds: "clientCertificates" | "signingCertificates" } & CertificatePair)
    | ({
        readonly type: "x509";
        readonly holds: "caReferences";
        readonly primaryName?: string;
        readonly secondaryName?: string;
        /** The referred certificates as they were when the group was saved: verified, and what they hold never changes. */
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

/** How the devices of an enrollment prove themselves; JSON, keys in base64. Of the kinds `K`, all where none is named. */
export type AttestationRecord<K extends AttestationKind = AttestationKind> = AttestationRecords[K];
