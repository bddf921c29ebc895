import { type IdentityPart, type PresentedIdentity, readPresentedIdentity, readPrivateKey } from "@rollcall/pki";
import { fileError } from "../terminal/file-error.js";
import { readUserBytes } from "../terminal/files.js";

/** The files of a certificate chain and its private key, and the flags that named them. */
interface NamedFiles {
  readonly certificatePath: string;
  readonly certificateFlag: string;
  readonly keyPath: string;
  readonly keyFlag: string;
  readonly passphrase?: string;
}

/**
 * Reads what a device or a CA shows, in whatever form the files have, and checks that the key is the first certificate's.
 * Throws CliError that names the file, says what it is, and what converts it.
 */
export async function readIdentityFiles(files: NamedFiles): Promise<PresentedIdentity> {
  const { certificatePath, certificateFlag, keyPath, keyFlag, passphrase } = files;
  const certificate = await readUserBytes(certificatePath, certificateFlag);
  const key = await readUserBytes(keyPath, keyFlag);
  let part: IdentityPart = "certificate";
  try {
    return readPresentedIdentity({ certificate, key, passphrase }, (now) => {
      part = now;
    });
  } catch (error) {
    const isKey = part !== "certificate" && !isOrder(error);
    throw await (isKey ? fileError(error, keyPath, keyFlag) : fileError(error, certificatePath, certificateFlag));
  }
}

const isOrder = (error: unknown): boolean => error instanceof Error && "order" in error;

/** A private key, no longer encrypted, as PKCS#8 in PEM. Throws CliError. */
export async function readKeyFile(path: string, flag: string, passphrase: string | undefined): Promise<string> {
  const bytes = await readUserBytes(path, flag);
  try {
    return readPrivateKey(bytes, passphrase).export({ type: "pkcs8", format: "pem" }).toString();
  } catch (error) {
    throw await fileError(error, path, flag);
  }
}
