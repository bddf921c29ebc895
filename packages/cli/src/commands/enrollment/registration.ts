import type { Command } from "commander";
import type { Context } from "../../terminal/context.js";
import { addRegistrationVerbs } from "./registration-commands.js";

/** `rollcall registration …`: what became of devices; the same verbs stand under the two enrollment nouns, as in az. */
export function addRegistration(program: Command, context: Context): void {
  const noun = program.command("registration").description("what became of the devices that registered");
  addRegistrationVerbs(noun, context, { which: ["show", "list", "delete"] });
  noun.addHelpText(
    "after",
    "\nExamples:\n  rollcall registration show --rid dev1\n  rollcall registration list --gid factory -o json",
  );
}
