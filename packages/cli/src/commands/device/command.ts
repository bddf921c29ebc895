import { attestationKindNames, DEFAULT_TRANSPORT, transports } from "@rollcall/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import { addLocationOption } from "../../client/running-service.js";
import type { Context } from "../../terminal/context.js";
import { parseDuration } from "../../terminal/durations.js";
import { addOutputOption } from "../../terminal/output.js";

/** `rollcall device register`: one device, against this service or any other. */
export function addDevice(program: Command, context: Context): void {
  const device = program.command("device").description("act as one device");
  const register = device
    .command("register")
    .description("register one device and print its registration state")
    .requiredOption("--rid, --registration-id <id>", "registration id")
    .addOption(
      new Option(
        "--at, --attestation-type <kind>",
        `attestation type: ${attestationKindNames.join(", ")} (default: implied by the other flags)`,
      ).argParser(parseKind),
    )
    .addOption(
      new Option("--transport <transport>", "protocol to connect with").choices(transports).default(DEFAULT_TRANSPORT),
    )
    .option("--cp, --certificate-path <file>", "x509: certificate chain, leaf first")
    .option("--kp, --key-path <file>", "x509: private key")
    .option(
      "--key, --symmetric-key <base64>",
      "symmetricKey: key of the device, or of its group with --ck; @file reads a file",
    )
    .option("--ck, --compute-key", "--key is the group's key: derive the device's key from it")
    .option("--tpm <dir>", "tpm: folder of a virtual TPM; created if it does not exist")
    .option("--host <host[:port]>", "use this provisioning service instead of the one of --location")
    .option("--scope, --id-scope <scope>", "ID scope; needed with --host")
    .option("--ca <file>", "PEM of the CA to trust (default: the service's; with --host: the public CAs)")
    .option("--payload <json>", "payload for custom allocation; @file reads a file")
    .option("--hub", "then connect to the assigned hub and read the twin")
    .addOption(
      new Option("--timeout <duration>", "give up after this")
        .argParser(parseDuration)
        .default(parseDuration("60s"), "60s"),
    )
    .action(async (options) => (await import("./register.js")).register(options, context));
  addOutputOption(addLocationOption(register));
  register.addHelpText("after", HELP);
}

/** Ignores case, since az writes symmetrickey. */
function parseKind(text: string): string {
  const kind = attestationKindNames.find((each) => each.toLowerCase() === text.toLowerCase());
  if (!kind) throw new InvalidArgumentError(`It must be one of ${attestationKindNames.join(", ")}.`);
  return kind;
}

const HELP = `
A TPM registers over HTTPS as the cloud has it. Over MQTT it uses an extension of Rollcall (two connections), which
other services do not have.

Examples:
  rollcall device register --rid pump-7 --key "$GROUP_KEY" --ck
  rollcall device register --rid pump-7 --cp pump-7.pem --kp pump-7.key.pem --transport http --hub`;
