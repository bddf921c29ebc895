import { type Certificate, type CertificateCache, CertificateError } from "@rollcall/pki";
import { type Finding, finding, type HubAuthentication } from "@rollcall/protocol";

type SelfSigned = Extract<HubAuthentication, { type: "selfSigned" }>;

interface X509Context {
  readonly certificates: CertificateCache;
  readonly deviceId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Everything that is wrong with the certificates that a device came to its hub with; empty when nothing is. Only the leaf counts,
 * for a group's device too: its thumbprint, and that it is valid now (wire.md#hub-identity, Azure/iotedge#621).
 */
export function x509Findings(
  presented: readonly Uint8Array[],
  known: SelfSigned,
  context: X509Context,
): readonly Finding[] {
  const [der] = presented;
  if (der === undefined) return [credentialMismatch(["the hub expects a client certificate, and none came"])];
  const leaf = readLeaf(der, context.certificates);
  if (typeof leaf === "string") return [credentialMismatch([leaf])];
  const dates = dateProblems(leaf, context.now);
  return [
    ...thumbprintFindings(leaf, known, context.deviceId),
    ...(dates.length > 0 ? [credentialMismatch(dates)] : []),
  ];
}

/** The hub knows the device, and not the credential: in words, each with what is wrong. */
export function credentialMismatch(problems: readonly string[]): Finding {
  const reason = problems.join("; ");
  return finding("hub.credentialMismatch", { values: { reason }, got: reason });
}

/** The certificate, or what keeps it from being read. */
function readLeaf(der: Uint8Array, cache: CertificateCache): Certificate | string {
  try {
    return cache.read(der);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return `a certificate cannot be read: ${error.message}`;
  }
}

function thumbprintFindings(leaf: Certificate, { thumbprints }: SelfSigned, deviceId: string): readonly Finding[] {
  if (thumbprints.includes(leaf.sha256)) return [];
  // Group devices that registered with an older version: it kept the CA, not the leaf.
  const registered = thumbprints.join(" or ") || "a certificate that an older version did not note";
  return [
    finding("hub.certificateNotRegistered", {
      values: { deviceId, registered, shown: leaf.sha256 },
      subject: `leaf: ${leaf.subject}`,
      expected: registered,
      got: leaf.sha256,
    }),
  ];
}

function dateProblems(leaf: Certificate, now: number): readonly string[] {
  if (now < leaf.notBefore.getTime()) return [`the certificate is not valid before ${leaf.notBefore.toISOString()}`];
  if (now >= leaf.notAfter.getTime()) return [`the certificate expired at ${leaf.notAfter.toISOString()}`];
  return [];
}
