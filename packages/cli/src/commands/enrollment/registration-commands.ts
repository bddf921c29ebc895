import { type Command, Option } from "commander";
import { addEtagOption, addFlag, addTopOption, addYesOption } from "../../options/flags.js";
import { addOperatorOptions } from "../../options/operator-options.js";
import type { Context } from "../../terminal/context.js";
import { addEnrollmentIdOption } from "./command.js";

/** Adds the flag for a registration's id. */
export function addRegistrationIdOption(command: Command, also: readonly string[] = []): Command {
  const option = new Option("--rid, --registration-id <id>", "registration id of the device").makeOptionMandatory();
  return addFlag(command, option, also);
}

const actions = () => import("./registration-actions.js");

type Verb = "show" | "list" | "delete";

type AddVerb = (noun: Command, context: Context, also: readonly string[]) => Command;

const verbs: Readonly<Record<Verb, AddVerb>> = {
  show(noun, context, also) {
    const show = noun.command("show").description("print the registration state of a device");
    return addRegistrationIdOption(show, also).action(async (flags) => (await actions()).show(flags, context));
  },
  list(noun, context) {
    const list = noun.command("list").description("list the registration states of a group's devices");
    addTopOption(addEnrollmentIdOption(list, "group"));
    return list.action(async (flags) => (await actions()).list(flags, context));
  },
  delete(noun, context, also) {
    const remove = noun
      .command("delete")
      .description("delete a registration: the device then registers as for the first time");
    addYesOption(addEtagOption(addRegistrationIdOption(remove, also)));
    return remove.action(async (flags) => (await actions()).remove(flags, context));
  },
};

/** Adds `show`, `list` and `delete` of registrations under a noun; `also`: further spellings of the id's flag. */
export function addRegistrationVerbs(
  noun: Command,
  context: Context,
  { which, also = [] }: { readonly which: readonly Verb[]; readonly also?: readonly string[] },
): void {
  for (const verb of which) addOperatorOptions(verbs[verb](noun, context, also), context);
}
