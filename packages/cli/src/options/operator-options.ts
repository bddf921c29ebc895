import type { Command } from "commander";
import { addLocationOption } from "../client/running-service.js";
import type { Context } from "../terminal/context.js";
import { addOutputOption, outputFormats } from "../terminal/output.js";
import { addCloudFlags } from "./flags.js";

/** What every command of the operator takes: where the service is, how to write, and what az says besides. */
export function addOperatorOptions(
  command: Command,
  { terminal }: Context,
  { output = true, nameIsShort = true }: { output?: boolean; nameIsShort?: boolean } = {},
): Command {
  addLocationOption(command);
  if (output) addOutputOption(command, outputFormats);
  return addCloudFlags(command, (text) => terminal.note(text), nameIsShort);
}
