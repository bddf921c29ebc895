import type { FleetFiles } from "../attestation/proving/fleet-types.js";
import { provings } from "../attestation/provings.js";
import type { ParsedFleet } from "./parse-fleet-file.js";

/** Derives every certificate, key and TPM hint of a fleet, with the same text on any machine. */
export async function deriveFiles({ file, devices }: ParsedFleet, signal?: AbortSignal): Promise<FleetFiles> {
  const files = new Map<string, string>();
  for (const [kind, proving] of Object.entries(provings)) {
    const alike = devices.filter(({ attestation }) => attestation.type === kind);
    for (const [name, text] of (await proving.deriveFiles?.(alike, file, signal)) ?? []) files.set(name, text);
  }
  return files;
}
