import { readFile } from "node:fs/promises";
import type { FleetFiles } from "../attestation/proving/fleet-types.js";
import { buildFleet } from "./build-fleet.js";
import { deriveFiles } from "./derive-files.js";
import { readFiles, writeFiles } from "./files-on-disk.js";
import type { Fleet } from "./fleet.js";
import { FleetFileError } from "./fleet-file-error.js";
import { type ParsedFleet, parseFleetFile } from "./parse-fleet-file.js";

export interface LoadOptions {
  /**
   * The output folder of `npm run certs`, above `<fleet>/`; if it is absent or outdated, everything is derived in
   * memory.
   */
  readonly certificates?: string;
  readonly signal?: AbortSignal;
}

/** Reads a fleet file and loads or derives everything that its devices need. @throws FleetFileError */
export async function loadFleet(path: string, options: LoadOptions = {}): Promise<Fleet> {
  return prepareFleet(await parse(path), options);
}

/** Like {@link loadFleet}, for a text; errors name the file `name`. @throws FleetFileError */
export async function fleetFromText(
  text: string,
  options: LoadOptions & { readonly name?: string } = {},
): Promise<Fleet> {
  return prepareFleet(parseFleetFile(text, options.name ?? "fleet"), options);
}

async function prepareFleet(parsed: ParsedFleet, { certificates, signal }: LoadOptions): Promise<Fleet> {
  const kept = certificates === undefined ? undefined : await readFiles(certificates, parsed);
  return buildFleet(parsed, kept ?? (await deriveFiles(parsed, signal)));
}

/** The result of writing a fleet's folder under `certs/`. */
export interface WrittenCertificates {
  readonly fleet: string;
  readonly devices: number;
  readonly files: number;
  /** False when all files existed already. */
  readonly written: boolean;
}

/**
 * Writes a fleet's certificates, keys and TPM hints where {@link loadFleet} finds them, unless they exist. @throws
 * FleetFileError
 */
export async function writeFleetCertificates(path: string, certificates: string): Promise<WrittenCertificates> {
  const parsed = await parse(path);
  const about = (files: FleetFiles) => ({ fleet: parsed.file.name, devices: parsed.devices.length, files: files.size });
  const kept = await readFiles(certificates, parsed);
  if (kept !== undefined) return { ...about(kept), written: false };
  const files = await deriveFiles(parsed);
  await writeFiles(certificates, parsed, files);
  return { ...about(files), written: true };
}

async function parse(path: string): Promise<ParsedFleet> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new FleetFileError(`${path}: ${cause instanceof Error ? cause.message : "cannot be read"}`, { cause });
  }
  return parseFleetFile(text, path);
}
