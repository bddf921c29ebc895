import type { CaCertificate } from "@rollcall/protocol";
import { type LocatedFlags, operator } from "../../client/located.js";
import type { OperatorClient } from "../../client/operator-client.js";
import { where } from "../../client/running-service.js";
import type { Asked } from "../../client/service-refusal.js";
import { readCertificateFile } from "../../options/certificate-file.js";
import { CliError } from "../../terminal/cli-error.js";
import { confirm } from "../../terminal/confirm.js";
import type { Context } from "../../terminal/context.js";
import { readUserFile } from "../../terminal/files.js";
import { type Column, writeList, writeRecord } from "../../terminal/output.js";
import { known, minuteOf, shortDate } from "../../terminal/record-text.js";
import { quote } from "../../terminal/shell.js";

interface NamedFlags extends LocatedFlags {
  readonly name: string;
  readonly etag?: string;
}

const sha256Of = ({ properties }: CaCertificate): string => properties.info.sha256Thumbprint;
const verifiedText = ({ properties }: CaCertificate): string => (properties.isVerified ? "yes" : "no");

const columns: readonly Column<CaCertificate>[] = [
  { title: "name", value: (item) => item.name },
  { title: "verified", value: verifiedText },
  { title: "subject", value: (item) => item.properties.subject },
  { title: "expires", value: (item) => minuteOf(item.properties.expiry) },
  { title: "SHA-256", value: sha256Of },
];

/** `certificate create`. */
export async function create(
  flags: NamedFlags & { readonly path: string; readonly verified?: boolean },
  context: Context,
): Promise<void> {
  const { name, path, verified } = flags;
  const { certificate, others } = await readCertificateFile(path, "--path");
  if (!certificate.isCa) {
    const why = `${certificate.subject} is not a CA certificate (basicConstraints), so it cannot sign device certificates`;
    throw new CliError("usage", `--path ${path}: ${why}`);
  }
  if (others > 0)
    context.terminal.note(
      `--path ${path} holds ${others + 1} certificates; only the first is used: ${certificate.subject}`,
    );
  const client = await operator(flags);
  const body = {
    certificate: certificate.der.toString("base64"),
    ...(verified !== undefined && { isVerified: verified }),
  };
  const made = await client.operate("putCertificate", { params: { name }, body, ...asked(flags) });
  await write(made, flags, context);
  context.terminal.note(`Next: ${commandAfter(made, flags)}`);
}

/** `certificate list`. */
export async function list(flags: LocatedFlags, { terminal }: Context): Promise<void> {
  const client = await operator(flags);
  await writeList(terminal, flags.output, await client.operate("listCertificates"), columns);
}

/** `certificate show`. */
export async function show(flags: NamedFlags, context: Context): Promise<void> {
  const client = await operator(flags);
  await write(await get(client, flags), flags, context);
}

/** `certificate generate-verification-code`. */
export async function generateCode(flags: NamedFlags, context: Context): Promise<void> {
  const client = await operator(flags);
  const item = await generate(client, flags, flags.etag);
  await write(item, flags, context);
  context.terminal.note(
    `Next: rollcall certificate verify -n ${quote(flags.name)}${where(flags)} --path <certificate whose common name is this code>`,
  );
}

/** `certificate verify`: with a proof certificate from a file, or with one that is made here from the CA's key. */
export async function verify(
  flags: NamedFlags & { readonly path?: string; readonly caKey?: string },
  context: Context,
): Promise<void> {
  const { name, path, caKey } = flags;
  if (path === undefined && caKey === undefined)
    throw new CliError("usage", "give --path with the proof certificate, or --ca-key with the CA's private key", {
      next: `rollcall certificate generate-verification-code -n ${quote(name)}${where(flags)}`,
    });
  const client = await operator(flags);
  const given = path === undefined ? undefined : await readCertificateFile(path, "--path");
  const proof = given ? { der: given.certificate.der, etag: flags.etag } : await prove(client, flags, caKey ?? "");
  const item = await client.operate("verifyCertificate", {
    params: { name },
    body: { certificate: proof.der.toString("base64") },
    ifMatch: proof.etag,
    ...asked(flags),
  });
  await write(item, flags, context);
  context.terminal.note(`Next: ${commandAfter(item, flags)}`);
}

/** Signs a certificate for a fresh code with the CA's key; the key does not leave this process. */
async function prove(
  client: OperatorClient,
  flags: NamedFlags,
  keyPath: string,
): Promise<{ der: Buffer; etag: string | undefined }> {
  const { CertificateError, issueLeaf, loadIdentity, parseCertificates, toPem } = await import("@rollcall/pki");
  const privateKeyPem = await readUserFile(keyPath, "--ca-key");
  const item = await get(client, flags);
  const [der] = parseCertificates(item.properties.certificate);
  if (!der) throw new CliError("unexpected", `the service has no certificate with the name ${flags.name}`);
  try {
    const parent = loadIdentity({ certificatePem: toPem(der), privateKeyPem });
    const fresh = await generate(client, flags, flags.etag);
    const commonName = fresh.properties.verificationCode ?? "";
    const { certificate } = await issueLeaf({ commonName, parent, days: 1 });
    return { der: certificate.der, etag: fresh.etag };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new CliError("usage", `--ca-key ${keyPath}: ${error.message}`, { cause: error });
  }
}

/** `certificate delete`. */
export async function remove(flags: NamedFlags & { readonly yes?: boolean }, { terminal }: Context): Promise<void> {
  const client = await operator(flags);
  await get(client, flags);
  await confirm(terminal, `delete the CA certificate ${flags.name}`, flags.yes);
  await client.operate("deleteCertificate", { params: { name: flags.name }, ifMatch: flags.etag, ...asked(flags) });
  terminal.note(`deleted ${flags.name}`);
}

const get = (client: OperatorClient, flags: NamedFlags): Promise<CaCertificate> =>
  client.operate("getCertificate", { params: { name: flags.name }, ...asked(flags) });

const generate = (client: OperatorClient, flags: NamedFlags, ifMatch: string | undefined): Promise<CaCertificate> =>
  client.operate("generateVerificationCode", { params: { name: flags.name }, ifMatch, ...asked(flags) });

function write(item: CaCertificate, flags: LocatedFlags, { terminal }: Context): Promise<void> {
  const pairs = known([
    ["name", item.name],
    ["verified", verifiedText(item)],
    ["verification code", item.properties.verificationCode],
    ["subject", item.properties.subject],
    ["expires", shortDate(item.properties.expiry)],
    ["SHA-1", item.properties.thumbprint],
    ["SHA-256", sha256Of(item)],
    ["created", shortDate(item.properties.created)],
    ["updated", shortDate(item.properties.updated)],
    ["etag", item.etag],
  ]);
  return writeRecord(terminal, flags.output, item, pairs);
}

function commandAfter(item: CaCertificate, flags: NamedFlags): string {
  const name = quote(flags.name);
  return verifiedText(item) === "yes"
    ? `rollcall enrollment-group create --gid ${name} --ca-name ${name}${where(flags)}`
    : `rollcall certificate verify -n ${name} --ca-key <its private key>${where(flags)}`;
}

/** The flag that sets each member of these routes' bodies. */
const FLAGS: Readonly<Record<string, string>> = { certificate: "--path", name: "--name", isVerified: "--verified" };

function asked(flags: NamedFlags): Asked {
  const show = `rollcall certificate show -n ${quote(flags.name)}${where(flags)}`;
  const next = { notFound: `rollcall certificate list${where(flags)}`, conflict: show, usage: show };
  return { subject: flags.name, flagOf: (member) => FLAGS[member], next };
}
