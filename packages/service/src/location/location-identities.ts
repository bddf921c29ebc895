import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { type Identity, isIssuedBy, issueRoot, issueServerCertificate, loadIdentity } from "@rollcall/pki";
import { LocationError, readPrivateFile, writePrivateFile } from "./private-files.js";

const DAY_MS = 86_400_000;
const SERVER_DAYS = 90;
/** A server certificate is renewed when it has less than this left. */
const RENEW_DAYS = 30;

/**
 * The CA of a location: read, or made on the first start. `ca.pem` is a copy of the certificate for clients. Throws
 * LocationError.
 */
export async function openAuthority(folder: string, now: number): Promise<Identity> {
  const path = `${folder}/ca-key.pem`;
  const publicPath = `${folder}/ca.pem`;
  const publicPem = readPrivateFile(publicPath);
  const stored = readIdentity(path, "a new CA is made; every device has to be given the new ca.pem");
  if (!stored) {
    if (publicPem !== undefined) {
      throw new LocationError(
        path,
        `${path} is missing, but ${publicPath} is there. Restore the key from a backup, or delete ca.pem as well: a new CA is made, and every device has to be given the new ca.pem.`,
      );
    }
    const made = await issueRoot({ commonName: `Rollcall development CA ${new Date(now).toISOString().slice(0, 10)}` });
    writePrivateFile(path, made.privateKeyPem + made.certificatePem);
    writePrivateFile(publicPath, made.certificatePem);
    return made;
  }
  if (stored.certificate.notAfter.getTime() < now) {
    throw new LocationError(
      path,
      `The CA in ${path} has expired. Delete it and ca.pem: a new one is made, and every device has to be given the new ca.pem.`,
    );
  }
  if (publicPem === undefined) writePrivateFile(publicPath, stored.certificatePem);
  else if (publicPem.trim() !== stored.certificatePem.trim()) {
    throw new LocationError(
      publicPath,
      `${publicPath} is damaged: it is not the certificate in ca-key.pem. Delete it; it is written again.`,
    );
  }
  return stored;
}

/**
 * The server certificate of a location: the stored certificate while it covers all hosts and is valid long enough, else
 * a new one. Throws LocationError.
 */
export async function openServerIdentity(
  folder: string,
  about: { authority: Identity; hosts: readonly string[]; now: number },
): Promise<Identity> {
  const { authority, hosts, now } = about;
  const path = `${folder}/server.pem`;
  const stored = readIdentity(path, "a new one is issued by the same CA");
  if (stored && isGood(stored, about)) return stored;
  const [commonName = "localhost"] = hosts;
  const made = await issueServerCertificate({
    commonName: commonName.slice(0, 64),
    hosts,
    parent: authority,
    notBefore: new Date(now - 300_000),
    days: SERVER_DAYS,
  });
  writePrivateFile(path, made.privateKeyPem + made.certificatePem);
  return made;
}

function isGood(
  identity: Identity,
  { authority, hosts, now }: { authority: Identity; hosts: readonly string[]; now: number },
): boolean {
  const { certificate } = identity;
  if (!isIssuedBy(certificate, authority.certificate)) return false;
  if (certificate.notBefore.getTime() > now || certificate.notAfter.getTime() - now < RENEW_DAYS * DAY_MS) return false;
  const named = new X509Certificate(identity.certificatePem);
  return hosts.every((host) => (isIP(host) ? named.checkIP(host) : named.checkHost(host)) !== undefined);
}

/** Reads key and certificate from one file; undefined when the file does not exist. */
function readIdentity(path: string, ifDeleted: string): Identity | undefined {
  const text = readPrivateFile(path);
  if (text === undefined) return undefined;
  try {
    return loadIdentity({ certificatePem: text, privateKeyPem: text });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LocationError(path, `${path} is damaged: ${why}. Restore it from a backup, or delete it: ${ifDeleted}.`, {
      cause,
    });
  }
}
