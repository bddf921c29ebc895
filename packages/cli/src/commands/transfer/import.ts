import type { Command } from "commander";
import { addLocationOption } from "../../client/running-service.js";
import type { Context } from "../../terminal/context.js";
import { addOutputOption, outputFormats } from "../../terminal/output.js";

/** `rollcall import`: reads a file of `rollcall export`, or a list that az printed. */
export function addImport(program: Command, context: Context): void {
  const command = program
    .command("import")
    .description("put the records of a file into the service; if one is invalid, none is imported")
    .argument(
      "<file>",
      "a file of rollcall export, or a JSON array as az iot dps enrollment list prints it; - is standard input",
    )
    .option("--generate-keys", "make new keys for enrollments that az listed without keys")
    .option("--overwrite", "replace existing records")
    .action(async (file: string, flags) => (await import("./import-action.js")).importFrom(file, flags, context));
  addOutputOption(addLocationOption(command), outputFormats);
  command.addHelpText(
    "after",
    "\nExamples:\n  rollcall import backup.jsonl\n  az iot dps enrollment list --dps-name my-dps | rollcall import -",
  );
}
