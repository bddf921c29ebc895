import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTpm, prepareTpm, type TpmState, type VirtualTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { CliError, reasonOf, systemCode } from "../../terminal/cli-error.js";
import { writeAtomically } from "../../terminal/files.js";
import type { Terminal } from "../../terminal/terminal.js";
import type { ReadIdentity } from "./read-identity.js";

/** The virtual TPM of a folder. Makes one with new keys when the folder has no TPM. */
export async function openTpm(folder: string, terminal: Terminal): Promise<ReadIdentity> {
  const file = join(folder, "tpm.json");
  const state = await readState(file);
  const tpm = state ? powerOn(state, file) : await makeTpm();
  const client = new TpmClient((command) => tpm.send(command));
  const save = () => writeAtomically(file, `${JSON.stringify(tpm.snapshot())}\n`, 0o600);
  if (!state) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const endorsementKey = client.endorsementKey().toString("base64");
    await save();
    terminal.note(`Made a virtual TPM in ${folder}. Its endorsement key, for its enrollment:`);
    terminal.note(endorsementKey);
  }
  return { identity: { kind: "tpm", tpm: client }, save };
}

async function readState(file: string): Promise<TpmState | undefined> {
  try {
    // createTpm checks the shape.
    return JSON.parse(await readFile(file, "utf8")) as TpmState;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new CliError("usage", `--tpm: ${file} cannot be read: ${systemCode(error) ?? reasonOf(error)}`, {
      cause: error,
    });
  }
}

function powerOn(state: TpmState, file: string): VirtualTpm {
  try {
    return createTpm({ state });
  } catch (error) {
    throw new CliError("usage", `--tpm: ${file} is not a TPM state: ${reasonOf(error)}`, { cause: error });
  }
}

/** Searches the RSA keys in worker threads, since that takes a while. */
async function makeTpm(): Promise<VirtualTpm> {
  const seed = randomBytes(32);
  return createTpm({ seed, hints: await prepareTpm({ seed }) });
}
