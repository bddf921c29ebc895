import { type Identity, issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";

/** A root, an intermediate under it, and leaves under that. */
export interface Pki {
  readonly root: Identity;
  readonly intermediate: Identity;
  leaf(commonName: string): Promise<Identity>;
}

/** A new PKI; `name` goes into the common names of its CAs. */
export async function createPki(name: string): Promise<Pki> {
  const root = await issueRoot({ commonName: `${name} Root` });
  const intermediate = await issueIntermediate({ commonName: `${name} CA`, parent: root });
  return { root, intermediate, leaf: (commonName) => issueLeaf({ commonName, parent: intermediate }) };
}

/** base64 of the DER, as an enrollment contains it. */
export function certificateText(identity: Pick<Identity, "certificate">): string {
  return identity.certificate.der.toString("base64");
}

/** An enrollment group behind this CA certificate. */
export function x509Group(enrollmentGroupId: string, ca: Pick<Identity, "certificate">) {
  return {
    enrollmentGroupId,
    attestation: {
      type: "x509" as const,
      x509: { signingCertificates: { primary: { certificate: certificateText(ca) }, secondary: null } },
    },
  };
}

/** An individual enrollment of this leaf. */
export function x509Individual(registrationId: string, leaf: Pick<Identity, "certificate">) {
  return {
    registrationId,
    attestation: {
      type: "x509" as const,
      x509: { clientCertificates: { primary: { certificate: certificateText(leaf) }, secondary: null } },
    },
  };
}

/** The handshake of a device that sends only its leaf. */
export function leafOnly(leaf: Identity) {
  return { chainPem: leaf.certificatePem, privateKeyPem: leaf.privateKeyPem };
}
