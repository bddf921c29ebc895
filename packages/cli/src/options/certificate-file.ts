import { type Certificate, CertificateError, parseCertificates, readCertificate } from "@rollcall/pki";
import { fileError } from "../terminal/file-error.js";
import { readUserBytes } from "../terminal/files.js";

/** A certificate file in any form that is read. The first is meant: a device's file holds its chain, leaf first. */
export async function readCertificateFile(
  path: string,
  flag: string,
): Promise<{ readonly certificate: Certificate; readonly others: number }> {
  const bytes = await readUserBytes(path, flag);
  try {
    const [first, ...others] = parseCertificates(bytes);
    if (!first) throw new CertificateError("it has no certificate");
    return { certificate: readCertificate(first), others: others.length };
  } catch (error) {
    throw await fileError(error, path, flag);
  }
}
