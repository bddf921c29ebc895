import { type Certificate, readCertificate } from "./certificate.js";
import { leafFirst } from "./chain-order.js";
import { CertificateError } from "./encoding/certificate-error.js";
import { commandLine, materialRows } from "./encoding/material.js";
import { OtherMaterialError } from "./encoding/other-material-error.js";
import { pkcs7Certificates } from "./encoding/pkcs7.js";
import { type Material, recognise } from "./encoding/recognise.js";

/**
 * The certificates in a text or in the bytes of a file, as DER, in order: PEM (one or many, with any text around), DER,
 * base64 of either, since the SDKs send all of them, UTF-16, and PKCS#7, whose set is put into the order of a chain.
 * Each is a well-formed certificate. Throws OtherMaterialError for what is another thing (a key, a request, a PKCS#12
 * bundle), and CertificateError that says what is wrong. It quotes nothing of the text, which may be a key.
 */
export function parseCertificates(input: string | Uint8Array): Buffer[] {
  const ders = certificateBlocks(input);
  ders.forEach((der, index) => {
    readOne(der, ders.length > 1 ? `certificate ${index + 1} of ${ders.length}` : "the certificate");
  });
  return ders;
}

/** As `parseCertificates`, and no block is looked into: for what another reader judges, such as OpenSSL. */
export function certificateBlocks(input: string | Uint8Array): Buffer[] {
  const found = recognise(input);
  const ders = found.flatMap((each) => {
    if (each.kind === "pkcs7" && each.der) return bundled(each, each.der);
    // DER that fits no row is taken for a damaged certificate: the reader of certificates says where it is damaged.
    const mayBe = each.kind === "certificate" || (each.kind === undefined && each.form === "der");
    return mayBe && each.der ? [each.der] : [];
  });
  if (ders.length > 0) return ders;
  throw otherMaterial(found[0] ?? { kind: undefined, form: "text" }, "certificate");
}

function readOne(der: Buffer, which: string): Certificate {
  try {
    return readCertificate(der);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "unreadable";
    throw new CertificateError(`${which} is not well formed: ${why}`, { cause });
  }
}

function bundled(material: Material, der: Buffer): readonly Buffer[] {
  try {
    const certificates = pkcs7Certificates(der).map((each, index) => readOne(each, `certificate ${index + 1}`));
    if (certificates.length > 0) return leafFirst(certificates).map((each) => each.der);
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
  }
  throw otherMaterial(material, "certificate");
}

/** The error for what is not wanted: its name, and the command that makes of it what is wanted. */
export function otherMaterial({ kind, form }: Material, wanted: "certificate" | "key"): CertificateError {
  const place = wanted === "key" ? "a private key" : "a certificate";
  if (kind === undefined)
    return new CertificateError(`it is neither PEM nor DER of anything known, and ${place} belongs here`);
  const row = materialRows[kind];
  const command = row[wanted];
  return new OtherMaterialError({
    kind,
    brief: `it is ${row.name}, and ${place} belongs here`,
    ...(command && { command: commandLine(command, form === "der" ? "der" : "pem"), does: command.does }),
  });
}

/** DER as PEM (RFC 7468): lines of 64 characters, ends with a line feed. */
export function toPem(der: Uint8Array, label = "CERTIFICATE"): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
