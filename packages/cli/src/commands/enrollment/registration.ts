import type { Command } from "commander";
import type { Context } from "../../terminal/context.js";
import { addRegistrationVerbs } from "./registration-commands.js";

/** `rollcall registration …`. The two enrollment nouns have the same verbs below them, as in az. */
export function addRegistration(program: Command, context: Context): void {
  const noun = program
    .command("registration")
    .description("registrations: the devices that registered, and their hubs");
  addRegistrationVerbs(noun, context, { which: ["show", "list", "delete"] });
  noun.addHelpText(
    "after",
    "\nExamples:\n  rollcall registration show --rid dev1\n  rollcall registration list --gid factory -o json",
  );
}
