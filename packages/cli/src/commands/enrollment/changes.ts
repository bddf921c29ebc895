import type { AttestationKind, EnrollmentKind, Json } from "@rollcall/protocol";
import { type Command, Option } from "commander";
import { addFlag, oneOf, yesOrNo } from "../../options/flags.js";
import { readValue } from "../../options/read-value.js";
import { certificatePairs, type EnrollmentFlag, enrollmentFlags } from "./flags-table.js";

export type EnrollmentVerb = "create" | "update";

/** The change that one flag of the command line asks for. */
export interface Change {
  /** The flag's name in error messages: `--ek`. */
  readonly flag: string;
  readonly path: readonly string[];
  /** Undefined removes the member. */
  readonly value: Json | undefined;
  readonly attestation?: AttestationKind | undefined;
}

const flagsOf = (kind: EnrollmentKind, verb: EnrollmentVerb): readonly EnrollmentFlag[] =>
  enrollmentFlags.filter((flag) => (flag.kind ?? kind) === kind && (flag.verb === undefined || flag.verb === verb));

function optionOf({ flags, help, choices, value }: EnrollmentFlag): Option {
  const option = new Option(flags, help);
  if (choices) return oneOf(option, choices);
  return value === "truth" ? yesOrNo(option) : option;
}

/** Adds every flag that stands for a member of an enrollment. */
export function addEnrollmentFlags(command: Command, kind: EnrollmentKind, verb: EnrollmentVerb): Command {
  for (const flag of flagsOf(kind, verb)) addFlag(command, optionOf(flag), flag.also);
  return command;
}

/** The changes that the options ask for, in the order of the table. Reads the files that they name. Throws CliError. */
export async function readChanges(
  kind: EnrollmentKind,
  verb: EnrollmentVerb,
  options: Readonly<Record<string, unknown>>,
  note: (text: string) => void,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const row of flagsOf(kind, verb)) {
    const option = optionOf(row);
    const given = options[option.attributeName()];
    if (given === undefined || (row.removes && given === false)) continue;
    const flag = option.short ?? row.flags;
    const value = row.removes ? undefined : await readValue[row.value](given, { flag, kind, note });
    changes.push({ flag, path: pathOf(row, kind), value, attestation: row.attestation });
  }
  return changes;
}

const pathOf = ({ member }: EnrollmentFlag, kind: EnrollmentKind): string[] =>
  member.replace("{certificates}", certificatePairs[kind]).split(".");

/** The flag that sets a member on the wire, for errors of the service that name the member. */
export function flagOfMember(member: string, kind: EnrollmentKind): string | undefined {
  const fitting = enrollmentFlags.filter((row) => {
    const path = pathOf(row, kind).join(".");
    return (row.kind ?? kind) === kind && !row.removes && (member === path || member.startsWith(`${path}.`));
  });
  return fitting[0]?.flags.split(",")[0];
}
