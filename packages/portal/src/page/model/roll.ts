import type { AttestationBody, EnrolledX509, X509Body } from "@rollcall/protocol";
import type { Attestation } from "../api/enrollments.js";

/** Which of the two credentials of an enrollment. */
export type Slot = "primary" | "secondary";
export const slotWords = {
  primary: { word: "primary", other: "secondary" },
  secondary: { word: "secondary", other: "primary" },
} as const satisfies Record<Slot, { word: Slot; other: Slot }>;

/** What takes the place of the old credential: a certificate's text, the name of a CA certificate, a key, an endorsement key. */
export type NewCredential = string;

/**
 * The mechanism with one credential replaced and the other as it is. For symmetric keys `current` has to be the answer of
 * attestationmechanism, which holds them: an enrollment as it is read does not.
 */
export function rolled(current: Attestation, slot: Slot, credential: NewCredential): AttestationBody {
  switch (current.type) {
    case "tpm":
      // The storage root key belongs to the TPM of the old endorsement key.
      return { type: "tpm", tpm: { endorsementKey: credential } };
    case "symmetricKey":
      return {
        ...current,
        symmetricKey: { ...current.symmetricKey, [slot === "primary" ? "primaryKey" : "secondaryKey"]: credential },
      };
    case "x509":
      return { ...current, x509: rolledX509(current.x509, slot, credential) };
  }
}

function rolledX509(x509: EnrolledX509, slot: Slot, credential: string): X509Body {
  const { clientCertificates, signingCertificates, caReferences } = x509;
  if (caReferences) return { ...x509, caReferences: { ...caReferences, [slot]: credential } };
  const replace = (pair: EnrolledX509["clientCertificates"]) => ({ ...pair, [slot]: { certificate: credential } });
  if (signingCertificates) return { ...x509, signingCertificates: replace(signingCertificates) };
  return { ...x509, clientCertificates: replace(clientCertificates) };
}
