import type { Command } from "commander";
import { addLocationOption } from "../client/running-service.js";
import type { Context } from "../terminal/context.js";
import { addOutputOption, outputFormats } from "../terminal/output.js";
import { addCloudFlags } from "./flags.js";

/** Adds the options of all operator commands: the location, the output format, and az's flags for a cloud service. */
export function addOperatorOptions(
  command: Command,
  { terminal }: Context,
  { output = true, nameIsShort = true }: { output?: boolean; nameIsShort?: boolean } = {},
): Command {
  addLocationOption(command);
  if (output) addOutputOption(command, outputFormats);
  return addCloudFlags(command, (text) => terminal.note(text), nameIsShort);
}
