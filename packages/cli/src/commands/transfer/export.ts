import type { Command } from "commander";
import { addLocationOption } from "../../client/running-service.js";
import type { Context } from "../../terminal/context.js";

/** `rollcall export`: everything that the service remembers, in one file. */
export function addExport(program: Command, context: Context): void {
  const command = program
    .command("export")
    .description("write everything that the service remembers to a file: one JSON record a line, keys included")
    .argument("<file>", "where to write, readable by you alone; - is standard output")
    .option("--force", "replace an existing file")
    .action(async (file: string, flags) => (await import("./export-action.js")).exportTo(file, flags, context));
  addLocationOption(command);
  command.addHelpText("after", "\nExample:\n  rollcall export backup.jsonl");
}
