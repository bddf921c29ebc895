import {
  buildPath,
  type Certificate,
  type CertificateCache,
  CertificateError,
  judgePath,
  pathProblems,
} from "@rollcall/pki";
import { type HubAuthentication, idKey, limits } from "@rollcall/protocol";

type Presented =
  | { readonly ok: true; readonly certificates: readonly Certificate[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Everything that is wrong with the certificates that a device presented to its hub, in words; empty when they are
 * valid.
 */
export function x509Problems(
  presented: readonly Uint8Array[],
  deviceId: string,
  authentication: Exclude<HubAuthentication, { type: "symmetricKey" }>,
  context: { readonly certificates: CertificateCache; readonly now: number },
): readonly string[] {
  if (presented.length === 0) return ["the hub expects a client certificate, but there was none"];
  const read = readPresented(presented, context.certificates);
  if (!read.ok) return [read.problem];
  const leaf = read.certificates[0];
  if (!leaf) return ["the hub expects a client certificate, but there was none"];
  if (authentication.type === "x509Thumbprint") return thumbprintProblems(leaf, authentication, context.now);
  // A group's device keeps the id of its first registration; its next certificate may spell the id in different case.
  const name =
    leaf.commonName !== undefined && idKey(leaf.commonName) === idKey(deviceId)
      ? []
      : [`the common name of the certificate is ${leaf.commonName ?? "missing"}, not ${deviceId}`];
  return [...name, ...chainProblems(read.certificates, authentication.authorities, context)];
}

function readPresented(presented: readonly Uint8Array[], cache: CertificateCache): Presented {
  // A longer chain would only cost time.
  const looked = presented.slice(0, limits.chainLength);
  try {
    return { ok: true, certificates: looked.map((der) => cache.read(der)) };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return { ok: false, problem: `a certificate cannot be read: ${error.message}` };
  }
}

/** Checks the thumbprint and the dates, like IoT Hub (Azure/iotedge#621), and nothing else. */
function thumbprintProblems(
  leaf: Certificate,
  known: Extract<HubAuthentication, { type: "x509Thumbprint" }>,
  now: number,
): readonly string[] {
  const problems: string[] = [];
  if (leaf.sha256 !== known.primary && leaf.sha256 !== known.secondary) {
    const expected = [known.primary, ...(known.secondary === undefined ? [] : [known.secondary])].join(" or ");
    problems.push(`the SHA-256 of the certificate is ${leaf.sha256}, not ${expected}`);
  }
  if (now < leaf.notBefore.getTime())
    problems.push(`the certificate is not valid before ${leaf.notBefore.toISOString()}`);
  if (now >= leaf.notAfter.getTime()) problems.push(`the certificate expired at ${leaf.notAfter.toISOString()}`);
  return problems;
}

/**
 * Judges the path as at registration: as it was sent, up to one of the authorities. A refusal explains the best failed
 * path.
 */
function chainProblems(
  certificates: readonly Certificate[],
  authorities: readonly string[],
  context: { readonly certificates: CertificateCache; readonly now: number },
): readonly string[] {
  const now = new Date(context.now);
  const built = buildPath(certificates, { now });
  const verdicts = authorities.map((der) => {
    const anchor = context.certificates.read(Buffer.from(der, "base64"));
    return judgePath({ path: built.path, anchor, now });
  });
  const [best] = verdicts.toSorted((a, b) => a.length - b.length);
  if (!best) return ["the hub knows no certificate authority for the device"];
  const problems = [...built.problems, ...best];
  return problems.map(({ code, element, expected, got }) => {
    return `${pathProblems[code]} (${element.subject || element.kind}: expected ${expected}, got ${got})`;
  });
}
