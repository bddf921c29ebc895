import { isAbsolute, join } from "node:path";
import {
  CertificateError,
  type Identity,
  issueIntermediate,
  issueLeaf,
  issueRoot,
  loadIdentity,
  writePkcs12,
} from "@rollcall/pki";
import { connect } from "../../client/running-service.js";
import { CliError, reasonOf } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { readUserFile, writeNewFiles } from "../../terminal/files.js";
import { quote } from "../../terminal/shell.js";

interface IssueFlags {
  readonly outDir: string;
  readonly key: "ec" | "rsa";
  readonly days: number;
  readonly force?: boolean;
}

/** `pki root`: copies the CA that devices must trust, or issues a new root. */
export async function root(
  options: IssueFlags & { cn?: string; out?: string; location?: string },
  context: Context,
): Promise<void> {
  if (options.cn === undefined) return copyServiceRoot(options, context);
  const identity = await issuing(() =>
    issueRoot({ commonName: options.cn ?? "", key: options.key, days: options.days }),
  );
  const files = await writeIdentity(identity, fileName(options.cn), options);
  announce(context, identity, files);
  context.terminal.note(`Next: ${leafCommand(files)}`);
}

async function copyServiceRoot(
  options: { out?: string; location?: string; force?: boolean },
  { terminal }: Context,
): Promise<void> {
  const service = await connect(options.location);
  const { caPath, caFingerprint } = await service.info();
  const pem = await readUserFile(caPath, "the CA of the service");
  if (options.out === undefined) return terminal.out(pem.trimEnd());
  await writeNewFiles([{ path: options.out, content: pem }], options.force === true);
  terminal.out(options.out);
  terminal.note(`SHA-256 ${caFingerprint}`);
  terminal.note(`Next: export NODE_EXTRA_CA_CERTS=${quote(absolute(options.out))}`);
}

const absolute = (path: string): string => (isAbsolute(path) ? path : join(process.cwd(), path));

/** `pki chain`: issues a root and intermediates, each signed by the previous certificate. */
export async function chain(
  options: IssueFlags & { cn: string; intermediates: number },
  context: Context,
): Promise<void> {
  const { cn, key, days } = options;
  if (options.intermediates > 4)
    throw new CliError(
      "usage",
      "--intermediates: the service accepts chains of at most 6 certificates, so at most 4 intermediates",
    );
  const identities: [string, Identity][] = [];
  let last = await issuing(() => issueRoot({ commonName: `${cn} root`, key, days }));
  identities.push([fileName(`${cn} root`), last]);
  for (let index = 1; index <= options.intermediates; index++) {
    const parent = last;
    const name = options.intermediates === 1 ? `${cn} intermediate` : `${cn} intermediate ${index}`;
    last = await issuing(() => issueIntermediate({ commonName: name, key, days, parent }));
    identities.push([fileName(name), last]);
  }
  const files = identities.map(([name]) => filesOf(name, options.outDir));
  await writeNewFiles(
    identities.flatMap(([name, each]) => contents(each, filesOf(name, options.outDir))),
    options.force === true,
  );
  identities.forEach(([, each], index) => {
    const pair = files[index];
    if (pair) announce(context, each, pair);
  });
  const lowest = files.at(-1);
  if (lowest) context.terminal.note(`Next: ${leafCommand(lowest)}`);
}

/** `pki leaf`: a device certificate. */
export async function leaf(
  options: IssueFlags & { cn: string; ca?: string; caKey?: string },
  context: Context,
): Promise<void> {
  const { cn, key, days } = options;
  if ((options.ca === undefined) !== (options.caKey === undefined))
    throw new CliError("usage", "--ca and --ca-key go together");
  const parent =
    options.ca !== undefined && options.caKey !== undefined
      ? await load(options.ca, options.caKey, ["--ca", "--ca-key"])
      : undefined;
  const identity = await issuing(() => issueLeaf({ commonName: cn, key, days, ...(parent && { parent }) }));
  const files = await writeIdentity(identity, fileName(cn), options);
  announce(context, identity, files);
  context.terminal.note(
    `Next: rollcall device register --rid ${quote(cn)} --at x509 --cp ${quote(files.certificate)} --kp ${quote(files.key)}`,
  );
}

interface P12Flags {
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly out: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly force?: boolean;
}

/** `pki p12`: chain and key in one file. */
export async function p12(options: P12Flags, { terminal }: Context): Promise<void> {
  const password =
    options.passwordFile === undefined
      ? options.password
      : firstLine(await readUserFile(options.passwordFile, "--password-file"));
  if (password === undefined || password === "") {
    throw new CliError("usage", "a PKCS#12 file needs a password: give --password or --password-file");
  }
  const identity = await load(options.certificatePath, options.keyPath, ["--cp", "--kp"]);
  const { certificate, chain: above, privateKey } = identity;
  const content = await issuing(() => writePkcs12({ privateKey, certificates: [certificate, ...above], password }));
  await writeNewFiles([{ path: options.out, content, secret: true }], options.force === true);
  terminal.out(options.out);
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? "";

async function load(certificatePath: string, keyPath: string, flags: readonly [string, string]): Promise<Identity> {
  const certificatePem = await readUserFile(certificatePath, flags[0]);
  const privateKeyPem = await readUserFile(keyPath, flags[1]);
  return issuing(async () => loadIdentity({ certificatePem, privateKeyPem }), `${certificatePath} with ${keyPath}: `);
}

/** Turns a refusal of the pki package into a usage error. */
async function issuing<T>(step: () => Promise<T>, about = ""): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof CertificateError) throw new CliError("usage", `${about}${reasonOf(error)}`, { cause: error });
    throw error;
  }
}

interface IdentityFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A common name as a file name. Ids may contain colons, and names may contain blanks. */
function fileName(commonName: string): string {
  return commonName.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^-+(?=.)/, "");
}

function filesOf(name: string, directory: string): IdentityFiles {
  return { certificate: join(directory, `${name}.pem`), key: join(directory, `${name}.key.pem`) };
}

/** The certificate file contains the chain that a device presents: its certificate and the intermediates above it. */
function contents(identity: Identity, files: IdentityFiles) {
  return [
    { path: files.certificate, content: identity.chainPem },
    { path: files.key, content: identity.privateKeyPem, secret: true },
  ];
}

async function writeIdentity(identity: Identity, name: string, options: IssueFlags): Promise<IdentityFiles> {
  const files = filesOf(name, options.outDir);
  await writeNewFiles(contents(identity, files), options.force === true);
  return files;
}

/** Prints the file names as the result, and the facts about the certificate as notes. */
function announce({ terminal }: Context, identity: Identity, files: IdentityFiles): void {
  terminal.out(files.certificate);
  terminal.out(files.key);
  terminal.note(`${identity.certificate.subject}, SHA-256 ${identity.certificate.sha256}`);
}

const leafCommand = (files: IdentityFiles): string =>
  `rollcall pki leaf --cn <registration-id> --ca ${quote(files.certificate)} --ca-key ${quote(files.key)}`;
