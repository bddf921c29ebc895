import type { EnrollmentKind } from "@rollcall/protocol";
import { type Command, Option } from "commander";
import { addEtagOption, addFlag, addTopOption, addYesOption, yesOrNo } from "../../options/flags.js";
import { addOperatorOptions } from "../../options/operator-options.js";
import type { Context } from "../../terminal/context.js";
import { parseCount } from "../../terminal/durations.js";
import { addEnrollmentFlags } from "./changes.js";

const idFlags = {
  individual: {
    flags: "--eid, --enrollment-id <id>",
    help: "registration id of the device",
    also: ["--rid", "--registration-id"],
  },
  group: {
    flags: "--gid, --enrollment-id <id>",
    help: "id of the group",
    also: ["--eid", "--group-id", "--enrollment-group-id"],
  },
} as const;

/** Adds the flag for an enrollment's id, with every spelling of az. */
export function addEnrollmentIdOption(command: Command, kind: EnrollmentKind): Command {
  const { flags, help, also } = idFlags[kind];
  return addFlag(command, new Option(flags, help).makeOptionMandatory(), also);
}

const actions = () => import("./actions.js");

/** `create|show|list|update|delete` of a kind of enrollment. */
export function addEnrollmentVerbs(noun: Command, kind: EnrollmentKind, context: Context): void {
  const what = kind === "group" ? "an enrollment group" : "the enrollment of one device";
  const scene = { kind, context };
  const create = noun.command("create").description(`create ${what}; an existing one is not replaced`);
  addEnrollmentFlags(addEnrollmentIdOption(create, kind), kind, "create");
  if (kind === "individual") create.addOption(countOption());
  addDryRun(create).action(async (flags) =>
    flags.count === undefined
      ? (await actions()).create(flags, scene)
      : (await import("./create-many.js")).createMany(flags, context),
  );

  const show = noun.command("show").description(`print ${what}`);
  addFlag(
    addEnrollmentIdOption(show, kind),
    yesOrNo(new Option("--keys, --show-keys [true|false]", "also print the symmetric keys")),
  );
  show.action(async (flags) => (await actions()).show(flags, scene));

  const list = noun
    .command("list")
    .description(kind === "group" ? "list enrollment groups" : "list the enrollments of single devices");
  addTopOption(list).option(
    "--filter <condition>",
    "such as \"provisioningStatus = 'disabled'\", or a whole SELECT of the service API",
  );
  list.action(async (flags) => (await actions()).list(flags, scene));

  const update = noun.command("update").description(`change ${what}: only what the flags name`);
  addEtagOption(addEnrollmentFlags(addEnrollmentIdOption(update, kind), kind, "update"));
  addDryRun(update).action(async (flags) => (await actions()).update(flags, scene));

  const remove = noun.command("delete").description(`remove ${what}`);
  addYesOption(addEtagOption(addEnrollmentIdOption(remove, kind)));
  addDryRun(remove).action(async (flags) => (await actions()).remove(flags, scene));
  for (const command of [create, show, list, update, remove]) addOperatorOptions(command, context);
}

const countOption = (): Option =>
  new Option(
    "--count <n>",
    "create this many, with symmetric keys: %i in the id is the number of each, %04i with zeros",
  ).argParser(parseCount);

function addDryRun(command: Command): Command {
  return command.option("--dry-run", "print the enrollment as it would be sent or deleted, and change nothing");
}
