import { type Identity, issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import { prepareTpm, type TpmHints } from "tpm-js-sim";
import { z } from "zod";
import type { ParsedFleet } from "./parse-fleet-file.js";
import type { PlannedDevice } from "./plan-devices.js";
import type { FleetFile } from "./schema.js";
import { seededBytes } from "./seeded.js";

/** Text files by name: what `certs/<fleet>/` holds, and all that is slow to derive. */
export type FleetFiles = ReadonlyMap<string, string>;

/** Names of the files. Ids are encoded: they may hold a colon. */
export const fileNames = {
  root: (ca: string | undefined): string => `${prefix(ca)}root.pem`,
  rootKey: (ca: string | undefined): string => `${prefix(ca)}root.key.pem`,
  intermediate: (ca: string | undefined): string => `${prefix(ca)}intermediate.pem`,
  intermediateKey: (ca: string | undefined): string => `${prefix(ca)}intermediate.key.pem`,
  chain: (id: string): string => `devices/${encodeURIComponent(id)}.chain.pem`,
  key: (id: string): string => `devices/${encodeURIComponent(id)}.key.pem`,
  /** The leaf that is enrolled in place of the device's own. */
  enrolled: (id: string): string => `devices/${encodeURIComponent(id)}.enrolled.pem`,
  tpmHints: "tpm-hints.json",
} as const;

const prefix = (ca: string | undefined): string => (ca === undefined ? "" : `${ca}-`);

/** TPMs whose keys are looked for at once: as many as have a worker thread each, on a large machine. */
const tpmsAtOnce = 4;

export const tpmSeed = (file: FleetFile, id: string): Buffer => seededBytes(file, `tpm ${id}`);

/** Derives every certificate, key and TPM hint of a fleet: the same text on any machine. */
export async function deriveFiles({ file, devices }: ParsedFleet, signal?: AbortSignal): Promise<FleetFiles> {
  const files = new Map<string, string>();
  const authorities = new Map<string | undefined, Identity>();
  for (const device of devices) {
    signal?.throwIfAborted();
    if (device.attestation.type !== "x509") continue;
    if (device.attestation.enrolled === "individual") {
      await deriveIndividual(file, device, files);
      continue;
    }
    const { ca } = device.attestation;
    const parent = authorities.get(ca) ?? (await deriveAuthority(file, ca, files));
    authorities.set(ca, parent);
    const leaf = await issueLeaf({
      ...certificateOptions(file, `leaf ${device.registrationId}`),
      commonName: device.registrationId,
      parent,
    });
    files.set(fileNames.chain(device.registrationId), leaf.chainPem);
    files.set(fileNames.key(device.registrationId), leaf.privateKeyPem);
  }
  const tpms = devices.filter((device) => device.attestation.type === "tpm");
  if (tpms.length > 0) files.set(fileNames.tpmHints, await deriveHints(file, tpms, signal));
  return files;
}

function certificateOptions(file: FleetFile, purpose: string) {
  const { notBefore, notAfter } = file.certificates;
  return {
    seed: seededBytes(file, purpose).toString("hex"),
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
  };
}

async function deriveAuthority(file: FleetFile, ca: string | undefined, files: Map<string, string>): Promise<Identity> {
  const name = ca === undefined ? file.name : `${file.name} ${ca}`.slice(0, 50);
  const root = await issueRoot({ ...certificateOptions(file, `root ${ca ?? ""}`), commonName: `${name} root` });
  const parent = await issueIntermediate({
    ...certificateOptions(file, `intermediate ${ca ?? ""}`),
    commonName: `${name} intermediate`,
    pathLength: 0,
    parent: root,
  });
  files.set(fileNames.root(ca), root.certificatePem);
  files.set(fileNames.rootKey(ca), root.privateKeyPem);
  files.set(fileNames.intermediate(ca), parent.certificatePem);
  files.set(fileNames.intermediateKey(ca), parent.privateKeyPem);
  return parent;
}

async function deriveIndividual(file: FleetFile, device: PlannedDevice, files: Map<string, string>): Promise<void> {
  const { registrationId, fault } = device;
  const leaf = await issueLeaf({ ...certificateOptions(file, `leaf ${registrationId}`), commonName: registrationId });
  files.set(fileNames.chain(registrationId), leaf.certificatePem);
  files.set(fileNames.key(registrationId), leaf.privateKeyPem);
  if (fault !== "wrongThumbprint") return;
  const other = await issueLeaf({
    ...certificateOptions(file, `enrolled leaf ${registrationId}`),
    commonName: registrationId,
  });
  files.set(fileNames.enrolled(registrationId), other.certificatePem);
}

async function deriveHints(file: FleetFile, devices: readonly PlannedDevice[], signal?: AbortSignal): Promise<string> {
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

/** The hints of each TPM by registration id; none when the text is missing or is something else. */
export function readHints(files: FleetFiles): Readonly<Record<string, TpmHints>> {
  return hintsSchema.parse(JSON.parse(files.get(fileNames.tpmHints) ?? "{}"));
}
