import { readCertificate } from "./certificate.js";
import { CertificateError } from "./certificate-error.js";

const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g;
/** Labels that hold a certificate: today's (RFC 7468 section 5) and OpenSSL's old one. */
const certificateLabels: ReadonlySet<string> = new Set(["CERTIFICATE", "X509 CERTIFICATE"]);

/**
 * The certificates in a text, as DER, in order: PEM (one or many, with any text around), base64 of DER, or base64 of
 * PEM, since the SDKs send all three. Each is a well-formed certificate.
 * Throws CertificateError that says what is wrong with the text. It quotes nothing of the text, which may be a key.
 */
export function parseCertificates(text: string): Buffer[] {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") throw new CertificateError("the text is empty where a certificate belongs");
  const blocks = trimmed.includes("-----BEGIN") ? readBlocks(trimmed) : readBare(trimmed);
  blocks.forEach((der, index) => {
    try {
      readCertificate(der);
    } catch (cause) {
      const which = blocks.length > 1 ? `certificate ${index + 1} of ${blocks.length}` : "the certificate";
      throw new CertificateError(
        `${which} is not well formed: ${cause instanceof Error ? cause.message : "unreadable"}`,
        {
          cause,
        },
      );
    }
  });
  return blocks;
}

/** DER as PEM (RFC 7468): lines of 64 characters, ends with a line feed. */
export function toPem(der: Uint8Array, label = "CERTIFICATE"): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function readBlocks(text: string): Buffer[] {
  const blocks: Buffer[] = [];
  const labels: string[] = [];
  // Environment variables and JSON pasted by hand carry the two characters \n instead of a line end.
  const lines = text.replaceAll("\\r", "").replaceAll("\\n", "\n");
  for (const match of lines.matchAll(begin)) {
    const label = match[1] ?? "";
    labels.push(label);
    if (!certificateLabels.has(label)) continue;
    const from = match.index + match[0].length;
    const end = lines.indexOf(`-----END ${label}-----`, from);
    if (end < 0) throw new CertificateError(`the PEM text has no line -----END ${label}-----`);
    blocks.push(decodeBase64(lines.slice(from, end), "the PEM certificate"));
  }
  if (blocks.length > 0) return blocks;
  const found = labels.length > 0 ? `a ${labels.join(", ")}` : "a broken BEGIN line";
  throw new CertificateError(`the PEM text holds ${found} and no CERTIFICATE`);
}

function readBare(text: string): Buffer[] {
  const bytes = decodeBase64(text, "the text, which is not PEM,");
  if (bytes[0] === 0x30) return [bytes];
  const inner = bytes.toString("latin1").trim();
  if (inner.includes("-----BEGIN")) return readBlocks(inner);
  throw new CertificateError("the text is base64, but neither of a certificate in DER nor of PEM text");
}

function decodeBase64(text: string, what: string): Buffer {
  const compact = text.replace(/\s+/g, "");
  const wrong = /[^A-Za-z0-9+/=]|=(?=[^=])/.exec(compact);
  if (wrong) throw new CertificateError(`${what} is not base64: character ${wrong.index + 1} does not belong`);
  if (compact === "" || compact.replace(/=+$/, "").length % 4 === 1) {
    throw new CertificateError(`${what} is not base64: it is cut short`);
  }
  return Buffer.from(compact, "base64");
}
