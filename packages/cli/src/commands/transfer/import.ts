import type { Command } from "commander";
import { addLocationOption } from "../../client/running-service.js";
import type { Context } from "../../terminal/context.js";
import { addOutputOption, outputFormats } from "../../terminal/output.js";

/** `rollcall import`: what `export` wrote, or what az lists. */
export function addImport(program: Command, context: Context): void {
  const command = program
    .command("import")
    .description("put the records of a file into the service: none where one is not good")
    .argument(
      "<file>",
      "what rollcall export wrote, or a JSON array as az iot dps enrollment list prints it; - is standard input",
    )
    .option("--generate-keys", "make new keys for enrollments that az lists without theirs")
    .option("--overwrite", "replace records that are there")
    .action(async (file: string, flags) => (await import("./import-action.js")).importFrom(file, flags, context));
  addOutputOption(addLocationOption(command), outputFormats);
  command.addHelpText(
    "after",
    "\nExamples:\n  rollcall import backup.jsonl\n  az iot dps enrollment list --dps-name my-dps | rollcall import -",
  );
}
