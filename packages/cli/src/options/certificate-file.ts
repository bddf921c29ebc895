import { readFile } from "node:fs/promises";
import { type Certificate, CertificateError, parseCertificates, readCertificate } from "@rollcall/pki";
import { CliError, reasonOf } from "../terminal/cli-error.js";
import { unreadable } from "../terminal/files.js";

/**
 * Reads a certificate file: PEM or DER. Of several certificates the first counts, since a device's chain begins with
 * the leaf.
 */
export async function readCertificateFile(
  path: string,
  flag: string,
): Promise<{ readonly certificate: Certificate; readonly others: number }> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(error, path, flag);
  });
  try {
    // DER begins with a SEQUENCE (0x30), but so does text that begins with the digit 0; text has no zero bytes.
    const isDer = bytes[0] === 0x30 && bytes.includes(0);
    const [first, ...others] = isDer ? [bytes] : parseCertificates(bytes.toString("utf8"));
    if (!first) throw new CertificateError("it has no certificate");
    return { certificate: readCertificate(first), others: others.length };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new CliError("usage", `${flag} ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
