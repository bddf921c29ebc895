import { env } from "node:process";
import { type Command, Option } from "commander";
import { CliError } from "../terminal/cli-error.js";
import { readUserFile } from "../terminal/files.js";

/** The flag of every command that reads a private key. */
export interface PassphraseFlag {
  readonly passphraseFile?: string;
}

/** Where it may stand so that no list of processes shows it. */
const VARIABLE = "ROLLCALL_PASSPHRASE";

/** Adds `--passphrase-file`. `key` is the flag of the key that it opens. */
export function addPassphraseOption(command: Command, key: string): Command {
  const help = `passphrase of an encrypted ${key}: the file's first line (default: $${VARIABLE})`;
  return command.addOption(new Option("--passphrase-file <file>", help));
}

/** The passphrase of the file, or of the environment; nothing where none is given. Throws CliError for a file without one. */
export async function readPassphrase({ passphraseFile }: PassphraseFlag): Promise<{ readonly passphrase?: string }> {
  if (passphraseFile === undefined) {
    const passphrase = env[VARIABLE];
    return passphrase ? { passphrase } : {};
  }
  const [passphrase = ""] = (await readUserFile(passphraseFile, "--passphrase-file")).split(/\r?\n/, 1);
  if (passphrase === "") throw new CliError("usage", `--passphrase-file ${passphraseFile}: its first line is empty`);
  return { passphrase };
}
