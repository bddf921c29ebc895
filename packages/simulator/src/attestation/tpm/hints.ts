import { prepareTpm, type TpmHints } from "tpm-js-sim";
import { z } from "zod";
import type { FleetFiles, FleetMember, FleetSeed } from "../proving/fleet-types.js";
import { seededBytes } from "../proving/seeded.js";

/** Name of the file with the hints of all TPMs of a fleet. */
export const tpmHints = "tpm-hints.json";

/** Number of TPMs whose keys are searched for at the same time: each occupies a worker thread. */
const tpmsAtOnce = 4;

export const tpmSeed = (file: FleetSeed, id: string): Buffer => seededBytes(file, `tpm ${id}`);

/** Finds the keys of each TPM, and returns hints as JSON with which later searches are fast. */
export async function deriveHints(
  file: FleetSeed,
  devices: readonly FleetMember[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const hints = new Map<string, TpmHints>();
  const queue = devices.map(({ registrationId }) => registrationId);
  const work = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      signal?.throwIfAborted();
      hints.set(id, await prepareTpm({ seed: tpmSeed(file, id) }));
    }
  };
  await Promise.all(Array.from({ length: tpmsAtOnce }, work));
  const ordered = devices.map(({ registrationId }) => [registrationId, hints.get(registrationId) ?? {}] as const);
  return `${JSON.stringify(Object.fromEntries(ordered), undefined, 2)}\n`;
}

const hintsSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** The hints of each TPM by registration id; empty when the text is missing or is invalid. */
export function readHints(files: FleetFiles): Readonly<Record<string, TpmHints>> {
  return hintsSchema.parse(JSON.parse(files.get(tpmHints) ?? "{}"));
}
