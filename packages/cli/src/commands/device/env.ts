import { resolve } from "node:path";
import type { AttestationKind, DeviceCredentials } from "@rollcall/protocol";
import { type Command, Option } from "commander";
import { addLocationOption, connect, where } from "../../client/running-service.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { quote, type Shell, setVariable, shells } from "../../terminal/shell.js";
import { type Sdk, sdkEnvironment, sdks } from "./sdk-environment.js";

interface EnvFlags {
  readonly for: Sdk;
  readonly shell: Shell;
  readonly group?: string;
  readonly certificatePath?: string;
  readonly keyPath?: string;
  readonly location?: string;
}

/** `rollcall env`: prints the variables that SDK samples read, for one device. */
export function addEnv(program: Command, context: Context): void {
  const env = program
    .command("env")
    .description("print the variables that SDK samples read, for one device")
    .argument("<registration-id>", "registration id of the device")
    .addOption(new Option("--for <sdk>", "SDK whose samples read the variables").choices(sdks).default("node"))
    .addOption(new Option("--shell <shell>", "syntax of the output").choices(shells).default("sh"))
    .option("--group <id>", "enrollment group of the device, if it has no individual enrollment")
    .option("--cp, --certificate-path <file>", "x509: its certificate chain")
    .option("--kp, --key-path <file>", "x509: its private key")
    .action((registrationId: string, flags: EnvFlags) => printEnvironment(registrationId, flags, context));
  addLocationOption(env);
  env.addHelpText("after", '\nExample:\n  eval "$(rollcall env pump-7 --for node)" && node register_symkey.js');
}

async function printEnvironment(registrationId: string, flags: EnvFlags, { terminal }: Context): Promise<void> {
  const service = await connect(flags.location);
  const info = await service.info();
  // A device with a certificate needs no key, so its enrollment is not looked up.
  const chosen =
    flags.certificatePath === undefined
      ? choose(registrationId, await service.credentials(registrationId), flags)
      : undefined;
  const { variables, notes } = sdkEnvironment(flags.for, {
    host: info.host,
    mqttPort: info.ports.mqtt,
    idScope: info.idScope,
    registrationId,
    caPath: resolve(info.caPath),
    key: chosen?.key,
    certificatePath: flags.certificatePath && resolve(flags.certificatePath),
    keyPath: flags.keyPath && resolve(flags.keyPath),
  });
  for (const [name, value] of variables) terminal.out(setVariable(flags.shell, name, value));
  for (const note of [...notes, ...attestationNotes(chosen)]) terminal.note(`# ${note}`);
}

/** The enrollment that the device would register by. */
function choose(registrationId: string, credentials: readonly DeviceCredentials[], flags: EnvFlags): DeviceCredentials {
  const { group } = flags;
  const fitting =
    group === undefined
      ? credentials
      : credentials.filter((each) => each.kind === "group" && each.id.toLowerCase() === group.toLowerCase());
  const [first, second] = fitting;
  if (!first) {
    const what =
      group === undefined
        ? `${registrationId} has no enrollment, and there is no group with a symmetric key; with a certificate, add --cp and --kp`
        : `there is no enrollment group ${group}`;
    throw new CliError("notFound", what, {
      next: `rollcall enrollment create --eid ${quote(registrationId)} --at symmetrickey${where(flags)}`,
    });
  }
  if (first.kind === "individual" || !second) return first;
  const groups = fitting.map((each) => each.id).join(", ");
  throw new CliError(
    "usage",
    `${registrationId} has no enrollment of its own and several groups could take it: ${groups}`,
    {
      next: `rollcall env ${quote(registrationId)} --group ${quote(first.id)}${where(flags)}`,
    },
  );
}

/** Advice for kinds whose private key the service does not have; undefined where it has the key. */
const withoutKey: Readonly<Record<AttestationKind, string | undefined>> = {
  symmetricKey: undefined,
  x509: "add --cp and --kp with the files of the device",
  tpm: "its key stays in the TPM, so no variable can contain it",
};

function attestationNotes(chosen: DeviceCredentials | undefined): string[] {
  if (!chosen) return [];
  const missing = withoutKey[chosen.attestation];
  return missing === undefined ? [] : [`The enrollment ${chosen.id} attests by ${chosen.attestation}: ${missing}.`];
}
