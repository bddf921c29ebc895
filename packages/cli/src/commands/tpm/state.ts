import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTpm, type TpmState, type VirtualTpm } from "tpm-js-sim";
import { CliError, reasonOf, systemCode } from "../../terminal/cli-error.js";
import { writeAtomically } from "../../terminal/files.js";

/** The file of a TPM in its folder; `device register --tpm` uses the same file. */
export function stateFile(folder: string): string {
  return join(folder, "tpm.json");
}

/** The state in a folder; undefined when the folder has no TPM. @throws CliError for a file that cannot be read */
export async function findState(folder: string): Promise<TpmState | undefined> {
  const file = stateFile(folder);
  try {
    // createTpm checks the shape, in openState.
    return JSON.parse(await readFile(file, "utf8")) as TpmState;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new CliError("usage", `${file} cannot be read: ${systemCode(error) ?? reasonOf(error)}`, { cause: error });
  }
}

/** Creates a TPM from a saved state. @throws CliError when the state is invalid */
export function openState(state: TpmState, folder: string): VirtualTpm {
  try {
    return createTpm({ state });
  } catch (error) {
    throw new CliError("usage", `${stateFile(folder)} is not a TPM state: ${reasonOf(error)}`, { cause: error });
  }
}

/** The TPM in a folder. @throws CliError when the folder has no TPM */
export async function requireTpm(folder: string): Promise<VirtualTpm> {
  const state = await findState(folder);
  if (state !== undefined) return openState(state, folder);
  throw new CliError("notFound", `there is no TPM in ${folder}`, { next: `rollcall tpm create --state ${folder}` });
}

/** Writes a state, readable by its owner only. Creates the folder. */
export async function saveState(folder: string, state: TpmState): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeAtomically(stateFile(folder), `${JSON.stringify(state)}\n`, 0o600);
}
