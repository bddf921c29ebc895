import { type Command, Option } from "commander";
import { addLocationOption } from "../../client/running-service.js";
import type { Context } from "../../terminal/context.js";
import { parseCount } from "../../terminal/durations.js";

/** `rollcall pki …`: certificates for tests. The actions are in `actions.ts`, which is loaded when a command runs. */
export function addPki(program: Command, context: Context): void {
  const pki = program.command("pki").description("make certificates for tests, or copy the CA that devices must trust");
  addRoot(pki, context);
  addChain(pki, context);
  addLeaf(pki, context);
  addP12(pki, context);
}

function addRoot(pki: Command, context: Context): void {
  const root = pki
    .command("root")
    .description("copy the CA of the service, which devices must trust; with --cn, issue a new root")
    .option("--service", "the CA of the service (the default without --cn)")
    .option("--out <file>", "write the CA of the service to this file (default: print it)")
    .addOption(new Option("--cn <name>", "issue a new root with this common name").conflicts(["service", "out"]))
    .action(async (options) => (await import("./actions.js")).root(options, context));
  addIssueOptions(addLocationOption(root), "3650");
  root.addHelpText(
    "after",
    '\nExamples:\n  rollcall pki root --out ca.pem\n  rollcall pki root --cn "Factory root" --out-dir pki',
  );
}

function addChain(pki: Command, context: Context): void {
  const chain = pki
    .command("chain")
    .description("issue a root and the intermediates below it")
    .option("--cn <name>", "prefix of the common names", "Rollcall test")
    .addOption(new Option("--intermediates <n>", "number of intermediates").argParser(parseCount).default(1))
    .action(async (options) => (await import("./actions.js")).chain(options, context));
  addIssueOptions(chain, "3650");
}

function addLeaf(pki: Command, context: Context): void {
  const leaf = pki
    .command("leaf")
    .description("issue a device certificate; its common name is the registration id")
    .requiredOption("--cn <id>", "registration id")
    .option("--ca <file>", "certificate that signs it, and the intermediates above (default: self-signed)")
    .option("--ca-key <file>", "private key of --ca")
    .action(async (options) => (await import("./actions.js")).leaf(options, context));
  addIssueOptions(leaf, "365");
  leaf.addHelpText(
    "after",
    "\nExample:\n  rollcall pki leaf --cn pump-7 --ca pki/factory-intermediate.pem --ca-key pki/factory-intermediate.key.pem",
  );
}

function addIssueOptions(command: Command, days: string): void {
  command
    .option("--out-dir <dir>", "where to write certificate and key", ".")
    .addOption(new Option("--key <kind>", "key: ec is P-256, rsa 2048 bits").choices(["ec", "rsa"]).default("ec"))
    .addOption(new Option("--days <n>", "validity in days").argParser(parseCount).default(parseCount(days)))
    .option("--force", "replace existing files");
}

function addP12(pki: Command, context: Context): void {
  pki
    .command("p12")
    .description("put a chain and its key into one PKCS#12 file, for .NET and Windows")
    .requiredOption("--cp, --certificate-path <file>", "certificate chain, leaf first")
    .requiredOption("--kp, --key-path <file>", "private key")
    .requiredOption("--out <file>", "the .p12 file to write")
    .addOption(new Option("--password <text>", "password of the file").conflicts("passwordFile"))
    .option("--password-file <file>", "read the password from the first line of a file")
    .option("--force", "replace an existing file")
    .action(async (options) => (await import("./actions.js")).p12(options, context));
}
