import type { Command } from "commander";
import type { Context } from "../../terminal/context.js";
import { addEnrollmentVerbs } from "./command.js";
import { addRegistrationVerbs } from "./registration-commands.js";

/** `rollcall enrollment …`. Nouns, verbs and flags as in `az iot dps enrollment`. */
export function addEnrollment(program: Command, context: Context): void {
  const noun = program.command("enrollment").description("individual enrollments: single devices that may register");
  addEnrollmentVerbs(noun, "individual", context);
  const registration = noun.command("registration").description("registration of an enrolled device");
  // az also names the registration by the enrollment's id here, since each enrollment has one registration.
  const also = ["--eid", "--enrollment-id"];
  addRegistrationVerbs(registration, context, { which: ["show", "delete"], also });
  noun.addHelpText("after", HELP);
}

const HELP = `
Examples:
  rollcall enrollment create --eid dev1 --at symmetrickey
  rollcall enrollment create --eid pump-7 --cp pump-7.pem --props '{"interval":5}'
  rollcall enrollment create --eid sensor-1 --at tpm --ek "$(rollcall tpm export-ek --state tpm)"
  rollcall enrollment create --eid dev-%03i --count 100 --at symmetrickey
  rollcall enrollment update --eid dev1 --ps disabled
  rollcall enrollment list --filter "provisioningStatus = 'disabled'" -o json`;
