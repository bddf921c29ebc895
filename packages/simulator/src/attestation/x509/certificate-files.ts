import { type Identity, issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import type { FleetFiles, FleetMember, FleetSeed } from "../proving/fleet-types.js";
import { seededBytes } from "../proving/seeded.js";

/** Names of the files. Ids are encoded, since they may contain a colon. */
export const fileNames = {
  root: (ca: string | undefined): string => `${prefix(ca)}root.pem`,
  rootKey: (ca: string | undefined): string => `${prefix(ca)}root.key.pem`,
  intermediate: (ca: string | undefined): string => `${prefix(ca)}intermediate.pem`,
  intermediateKey: (ca: string | undefined): string => `${prefix(ca)}intermediate.key.pem`,
  chain: (id: string): string => `devices/${encodeURIComponent(id)}.chain.pem`,
  key: (id: string): string => `devices/${encodeURIComponent(id)}.key.pem`,
  /** The leaf that is enrolled instead of the device's own. */
  enrolled: (id: string): string => `devices/${encodeURIComponent(id)}.enrolled.pem`,
} as const;

const prefix = (ca: string | undefined): string => (ca === undefined ? "" : `${ca}-`);

/** Derives every certificate and key of these devices and their CAs. */
export async function deriveCertificates(
  devices: readonly FleetMember<"x509">[],
  file: FleetSeed,
  signal: AbortSignal | undefined,
): Promise<FleetFiles> {
  const files = new Map<string, string>();
  const authorities = new Map<string | undefined, Identity>();
  for (const device of devices) {
    signal?.throwIfAborted();
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
  return files;
}

function certificateOptions(file: FleetSeed, purpose: string) {
  const { notBefore, notAfter } = file.certificates;
  return {
    seed: seededBytes(file, purpose).toString("hex"),
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
  };
}

async function deriveAuthority(file: FleetSeed, ca: string | undefined, files: Map<string, string>): Promise<Identity> {
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

async function deriveIndividual(
  file: FleetSeed,
  device: FleetMember<"x509">,
  files: Map<string, string>,
): Promise<void> {
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
