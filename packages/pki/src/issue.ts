import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { type Authority, type Identity, identity } from "./authority.js";
import { readCertificate } from "./certificate.js";
import { CertificateError } from "./encoding/certificate-error.js";
import { extendedKeyUsages, type KeyUsage } from "./oids.js";
import { derivedKeyPair, seededBytes } from "./seeded.js";
import type { SubjectName, Template } from "./sign-certificate.js";

/** Faults to plant in a certificate, for tests of code that verifies certificates. */
export interface IssueFaults {
  readonly isCa?: boolean;
  /** Null leaves the extension out. */
  readonly basicConstraints?: null;
  readonly keyUsage?: readonly KeyUsage[] | null;
  /** Object identifiers, such as those of `extendedKeyUsages`. */
  readonly extendedKeyUsage?: readonly string[] | null;
  /** False leaves subject and authority key identifiers out. */
  readonly keyIdentifiers?: boolean;
  readonly extensions?: readonly { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array }[];
}

export interface IssueOptions {
  /** At most 64 characters (X.520); empty only among faults: then the subject is empty. */
  readonly commonName: string;
  /** "ec" is P-256 and the default; "rsa" is 2048 bits and takes 150 ms; or a private key of your own. */
  readonly key?: "ec" | "rsa" | KeyObject;
  /** Default: five minutes ago, for clocks that lag. Whole seconds. */
  readonly notBefore?: Date;
  /** Default: `days` after notBefore. */
  readonly notAfter?: Date;
  /** Default: 365; an authority's 3650. */
  readonly days?: number;
  /** Makes key, serial number and signature depend on the options alone; dates must be given. */
  readonly seed?: string;
  readonly faults?: IssueFaults;
}

export interface IssueAuthorityOptions extends IssueOptions {
  /** How many CA certificates may stand between this CA and a leaf. Default: no limit. */
  readonly pathLength?: number;
}

interface Profile {
  readonly isCa: boolean;
  readonly pathLength?: number | undefined;
  readonly parent?: Authority | undefined;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectNames?: readonly SubjectName[];
}

const generateKeys = promisify(generateKeyPair);
const authorityUsage = ["keyCertSign", "cRLSign"] as const;

/** Issues a self-signed CA certificate. Throws CertificateError on options that make no certificate. */
export async function issueRoot(options: IssueAuthorityOptions): Promise<Identity> {
  return issue({ days: 3650, ...options }, { isCa: true, pathLength: options.pathLength, keyUsage: authorityUsage });
}

/** Issues a CA certificate under another. Throws CertificateError. */
export async function issueIntermediate(options: IssueAuthorityOptions & { parent: Authority }): Promise<Identity> {
  const { pathLength, parent } = options;
  return issue({ days: 3650, ...options }, { isCa: true, pathLength, parent, keyUsage: authorityUsage });
}

/** Issues a device certificate (clientAuth); self-signed when there is no parent. Throws CertificateError. */
export async function issueLeaf(options: IssueOptions & { parent?: Authority }): Promise<Identity> {
  return issue(options, {
    isCa: false,
    parent: options.parent,
    keyUsage: ["digitalSignature"],
    extendedKeyUsage: [extendedKeyUsages.clientAuth],
  });
}

/** Issues a server certificate (serverAuth) for DNS names and IP addresses. Throws CertificateError. */
export async function issueServerCertificate(
  options: IssueOptions & { parent: Authority; hosts: readonly string[] },
): Promise<Identity> {
  if (options.hosts.length === 0) throw new CertificateError("a server certificate needs a host name or an address");
  return issue(options, {
    isCa: false,
    parent: options.parent,
    // TLS 1.2 without forward secrecy encrypts to an RSA key; small clients still do.
    keyUsage: options.key === "rsa" ? ["digitalSignature", "keyEncipherment"] : ["digitalSignature"],
    extendedKeyUsage: [extendedKeyUsages.serverAuth],
    subjectNames: options.hosts.map((value) => ({ type: isIP(value) ? "ip" : "dns", value })),
  });
}

async function issue(options: IssueOptions, profile: Profile): Promise<Identity> {
  checkOptions(options);
  const { parent } = profile;
  const validity = chooseValidity(options);
  const privateKey = await chooseKey(options);
  // Imported on demand: @peculiar/x509 takes 115 ms to load, which a process that only verifies should not pay.
  const { signCertificate } = await import("./sign-certificate.js");
  const template: Template = {
    ...validity,
    commonName: options.commonName,
    privateKey,
    serial: chooseSerial(options, validity, parent),
    extensions: planExtensions(options, profile),
    ...(parent && { issuer: { certificate: parent.certificate, privateKey: parent.privateKey } }),
    deterministic: options.seed !== undefined,
  };
  const certificate = readCertificate(await signCertificate(template));
  return identity({ certificate, privateKey, chain: parent ? [parent.certificate, ...parent.chain] : [] });
}

function checkOptions({ commonName, faults, seed, key, notBefore, notAfter, days }: IssueOptions): void {
  if ([...commonName].length > 64) throw new CertificateError("a common name has at most 64 characters");
  if (commonName === "" && !faults) throw new CertificateError("a certificate needs a common name");
  if (seed === undefined) return;
  if (key === "rsa") throw new CertificateError("an RSA key cannot be made from a seed: use an EC key, or pass a key");
  if (!notBefore || !(notAfter ?? days)) throw new CertificateError("a seeded certificate needs its dates given");
}

function chooseValidity({ notBefore, notAfter, days = 365 }: IssueOptions): { notBefore: Date; notAfter: Date } {
  const from = wholeSeconds(notBefore ?? new Date(Date.now() - 300_000));
  const until = wholeSeconds(notAfter ?? new Date(from.getTime() + days * 86_400_000));
  if (!(from.getTime() < until.getTime())) throw new CertificateError("notAfter must be later than notBefore");
  return { notBefore: from, notAfter: until };
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

async function chooseKey({ key = "ec", seed, commonName }: IssueOptions): Promise<KeyObject> {
  if (typeof key !== "string") return key;
  if (seed !== undefined) return derivedKeyPair(seed, commonName).privateKey;
  if (key === "rsa") return (await generateKeys("rsa", { modulusLength: 2048 })).privateKey;
  return (await generateKeys("ec", { namedCurve: "P-256" })).privateKey;
}

/**
 * Positive and 16 bytes long, as CAs make them. A seeded serial number depends on name, dates and issuer: a different
 * certificate gets a different number.
 */
function chooseSerial(
  options: IssueOptions,
  validity: { notBefore: Date; notAfter: Date },
  parent?: Authority,
): Buffer {
  const { seed, commonName } = options;
  const label = [
    "rollcall serial",
    commonName,
    validity.notBefore.toISOString(),
    validity.notAfter.toISOString(),
    parent?.certificate.sha256,
  ];
  const serial = seed === undefined ? randomBytes(16) : seededBytes(seed, label.join("\n"), 16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

function planExtensions({ faults = {} }: IssueOptions, profile: Profile): Template["extensions"] {
  const { isCa, pathLength, keyUsage, extendedKeyUsage, subjectNames = [] } = profile;
  return {
    basicConstraints: faults.basicConstraints === null ? null : { isCa: faults.isCa ?? isCa, pathLength },
    keyUsage: faults.keyUsage === undefined ? keyUsage : faults.keyUsage,
    extendedKeyUsage: faults.extendedKeyUsage === undefined ? (extendedKeyUsage ?? null) : faults.extendedKeyUsage,
    keyIdentifiers: faults.keyIdentifiers ?? true,
    subjectNames,
    others: faults.extensions ?? [],
  };
}
