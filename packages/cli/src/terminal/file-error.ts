import { CliError } from "./cli-error.js";
import { quote } from "./shell.js";

/** The advice for an encrypted key: the ways to give its passphrase. */
const PASSPHRASE = "the same command with --passphrase-file <file>, or with ROLLCALL_PASSPHRASE in the environment";

/**
 * Turns an error of reading a certificate or a key into a usage error, which names the file by its flag and, where one
 * exists, the command that helps. An error that is not a fault of the file is returned unchanged.
 */
export async function fileError(error: unknown, path: string, flag: string): Promise<unknown> {
  const { CertificateError, ChainOrderError, OtherMaterialError, PassphraseError } = await import("@rollcall/pki");
  if (!(error instanceof CertificateError)) return error;
  const place = `${flag} ${path}`;
  if (error instanceof OtherMaterialError) {
    const next = error.command?.replace("<file>", () => quote(path));
    return new CliError("usage", `${place}: ${error.brief}`, { next, cause: error });
  }
  const next =
    error instanceof PassphraseError
      ? PASSPHRASE
      : error instanceof ChainOrderError
        ? reorder(path, error.order)
        : undefined;
  return new CliError("usage", `${place}: ${error.message}`, { next, cause: error });
}

/** Puts the certificates of a PEM file into an order, with what every Unix has. */
function reorder(path: string, order: readonly number[]): string {
  const split = `awk '/BEGIN CERTIFICATE/ {n++} n {print > ("part-" n ".pem")}' ${quote(path)}`;
  return `${split} && cat ${order.map((number) => `part-${number}.pem`).join(" ")} > leaf-first.pem`;
}
