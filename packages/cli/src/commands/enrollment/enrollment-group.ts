import { type Command, Option } from "commander";
import { addFlag } from "../../options/flags.js";
import { addOperatorOptions } from "../../options/operator-options.js";
import type { Context } from "../../terminal/context.js";
import { addEnrollmentVerbs } from "./command.js";
import { addRegistrationIdOption, addRegistrationVerbs } from "./registration-commands.js";

/** `rollcall enrollment-group …`. Nouns, verbs and flags as in `az iot dps enrollment-group`. */
export function addEnrollmentGroup(program: Command, context: Context): void {
  const noun = program
    .command("enrollment-group")
    .description("enrollment groups: devices that may register by a CA certificate or a group key");
  addEnrollmentVerbs(noun, "group", context);
  const compute = noun.command("compute-device-key").description("print the key of one device of a group");
  addRegistrationIdOption(compute);
  addFlag(
    compute,
    new Option("--key, --symmetric-key <base64>", "the group's key (no service is needed); @file reads a file"),
  );
  addFlag(
    compute,
    new Option("--gid, --enrollment-id <id>", "the group whose primary key is used").conflicts("symmetricKey"),
    ["--eid", "--group-id", "--enrollment-group-id"],
  );
  addOperatorOptions(compute, context);
  compute.action(async (flags) => (await import("./compute-device-key.js")).computeDeviceKey(flags, context));
  const registration = noun.command("registration").description("registrations of a group's devices");
  addRegistrationVerbs(registration, context, { which: ["show", "list", "delete"] });
  noun.addHelpText("after", HELP);
}

const HELP = `
Examples:
  rollcall enrollment-group create --gid factory --cp root.pem
  rollcall enrollment-group create --gid factory --ca-name factory-root
  rollcall enrollment-group create --gid yard && rollcall env pump-7 --group yard
  rollcall enrollment-group compute-device-key --key "$GROUP_KEY" --rid pump-7`;
