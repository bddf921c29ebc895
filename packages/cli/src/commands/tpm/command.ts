import { type Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../../terminal/context.js";
import { parseCount } from "../../terminal/durations.js";
import { addOutputOption } from "../../terminal/output.js";

/**
 * `rollcall tpm …`: virtual TPMs. The actions are in `actions.ts` and `serve.ts`, which are loaded when a command runs.
 */
export function addTpm(program: Command, context: Context): void {
  const tpm = program.command("tpm").description("virtual TPM 2.0: make one, serve it to other programs, try it");
  addServe(tpm, context);
  addCreate(tpm, context);
  addShow(tpm, context);
  addExportEk(tpm, context);
  addActivate(tpm, context);
  addQuote(tpm, context);
}

function addState(command: Command): Command {
  return command.requiredOption("--state <dir>", "folder of the TPM");
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_534) throw new InvalidArgumentError("a port is a number up to 65534");
  return port;
}

function port(flags: string, description: string, usual: number): Option {
  return new Option(flags, description).argParser(parsePort).default(usual);
}

function addServe(tpm: Command, context: Context): void {
  tpm
    .command("serve")
    .description("serve a TPM to SDKs and TPM tools until it is stopped")
    .option(
      "--state <dir>",
      "folder of the TPM, created if it does not exist (default: the TPM is lost when the command ends)",
    )
    .addOption(port("--port <n>", "simulator protocol; the platform port is the next one; 0 switches it off", 2321))
    .addOption(port("--rm-port <n>", "port that SDKs try when there is no TPM device; 0 switches it off", 2323))
    .option("--host <address>", "address to listen on; every program that can reach it controls the TPM", "127.0.0.1")
    .action(async (options) => (await import("./serve.js")).serve(options, context))
    .addHelpText(
      "after",
      "\nExamples:\n  rollcall tpm serve --state my-tpm\n  TPM2TOOLS_TCTI=mssim:port=2321 tpm2_getcap properties-fixed",
    );
}

function addCreate(tpm: Command, context: Context): void {
  addState(tpm.command("create"))
    .description("make a TPM, and print the facts that its enrollment needs")
    .option("--seed <text>", "the same text makes the same keys on any machine (default: random)")
    .option("--ecc", "P-256 keys: an extension; real services are not known to accept them")
    .option("--from <dir>", "copy another TPM, like a cloned device")
    .option("--clear", "then clear it: the SRK changes, the EK stays")
    .option("--swap-ek", "then give it another EK, as if the board were exchanged")
    .option("--lockout", "then lock it out, as after too many wrong passwords")
    .option("--force", "replace an existing TPM")
    .action(async (options) => (await import("./actions.js")).create(options, context))
    .addHelpText(
      "after",
      "\nExamples:\n  rollcall tpm create --state pump-7 --seed pump-7\n  rollcall tpm create --state cleared --from pump-7 --clear",
    );
}

function addShow(tpm: Command, context: Context): void {
  const show = addState(tpm.command("show"))
    .description("print the keys, the registration id and the PCRs of a TPM")
    .action(async (options) => (await import("./actions.js")).show(options, context));
  addOutputOption(show);
}

function addExportEk(tpm: Command, context: Context): void {
  addState(tpm.command("export-ek"))
    .description("print the endorsement key for an enrollment, as base64")
    .addOption(
      new Option("--for <client>", "SDK that will use the EK: its template decides which key of the TPM it is")
        .choices(["node", "c", "java", "csharp", "iot-edge"])
        .default("node"),
    )
    .action(async (options) => (await import("./actions.js")).exportEk(options, context));
}

function addActivate(tpm: Command, context: Context): void {
  addState(tpm.command("activate"))
    .description("open an authenticationKey from a service, and keep its key in the TPM")
    .argument("<authentication-key>", "base64, or @file")
    .addOption(
      new Option("--truncate <bytes>", "cut the challenge to this length before it reaches the TPM").argParser(
        parseCount,
      ),
    )
    .addOption(
      new Option(
        "--fault <kind>",
        "treat the challenge as one for another TPM, for another SRK, or as damaged",
      ).choices(["foreign", "wrong-srk", "damaged"]),
    )
    .option("--sign <text>", "then sign a text with the key, and print the HMAC as hex")
    .action(async (key, options) => (await import("./actions.js")).activate(key, options, context));
}

function addQuote(tpm: Command, context: Context): void {
  addState(tpm.command("quote"))
    .description("let the TPM sign its PCRs; tpm2_checkquote reads the files")
    .option("--pcrs <bank:list>", "which PCRs", "sha256:0,1,2,3,4,5,6,7")
    .option("--nonce <hex>", "qualifying data of the verifier", "")
    .option("--out-dir <dir>", "where to write quote.msg, quote.sig and ak.pem", ".")
    .option("--force", "replace existing files")
    .action(async (options) => (await import("./actions.js")).quote(options, context));
}
