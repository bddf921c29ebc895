import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { FleetFiles } from "../attestation/proving/fleet-types.js";
import type { ParsedFleet } from "./parse-fleet-file.js";

/** Written last: names the other files, their content and the input from which they were derived. */
const stampName = "stamp.json";
/** Increased when the same input gives different files than before. */
const derivation = 1;

const stampSchema = z.object({ inputs: z.string(), files: z.record(z.string(), z.string()) });
type Stamp = z.output<typeof stampSchema>;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A value that changes with everything on which the files of a fleet depend. */
function inputsOf({ file, devices }: ParsedFleet): string {
  const about = devices.map(({ registrationId, attestation, fault }) => ({ registrationId, attestation, fault }));
  const { name, seed, certificates } = file;
  return sha256(JSON.stringify({ derivation, name, seed, certificates, about }));
}

const folderOf = (certificates: string, fleet: ParsedFleet): string => join(certificates, fleet.file.name);

/** The files of a fleet, if they are complete and match its fleet file; else undefined. */
export async function readFiles(certificates: string, fleet: ParsedFleet): Promise<FleetFiles | undefined> {
  const folder = folderOf(certificates, fleet);
  const stamp = await readStamp(folder);
  if (stamp?.inputs !== inputsOf(fleet)) return undefined;
  const files = new Map<string, string>();
  for (const [name, hash] of Object.entries(stamp.files)) {
    const text = await readIfThere(join(folder, name));
    if (text === undefined || sha256(text) !== hash) return undefined;
    files.set(name, text);
  }
  return files;
}

/**
 * Writes the files of a fleet: folders 0700, all files but certificates 0600. After an interrupted run, the files do
 * not count as complete.
 */
export async function writeFiles(certificates: string, fleet: ParsedFleet, files: FleetFiles): Promise<void> {
  const folder = folderOf(certificates, fleet);
  const before = await readStamp(folder);
  await rm(join(folder, stampName), { force: true });
  const gone = Object.keys(before?.files ?? {}).filter((name) => !files.has(name));
  await Promise.all(gone.map((name) => rm(join(folder, name), { force: true })));
  for (const [name, text] of files) await writeWhole(join(folder, name), text);
  const hashes = Object.fromEntries([...files].map(([name, text]) => [name, sha256(text)]));
  await writeWhole(
    join(folder, stampName),
    `${JSON.stringify({ inputs: inputsOf(fleet), files: hashes }, undefined, 2)}\n`,
  );
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const isCertificate = path.endsWith(".pem") && !path.endsWith(".key.pem");
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: isCertificate ? 0o644 : 0o600 });
  await rename(temporary, path);
}

async function readStamp(folder: string): Promise<Stamp | undefined> {
  const text = await readIfThere(join(folder, stampName));
  if (text === undefined) return undefined;
  try {
    return stampSchema.parse(JSON.parse(text));
  } catch {
    // A damaged stamp counts as missing: everything is derived anew.
    return undefined;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  }
}
