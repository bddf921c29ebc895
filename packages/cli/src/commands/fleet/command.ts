import { type Command, Option } from "commander";
import { addLocationOption } from "../../client/running-service.js";
import type { Context } from "../../terminal/context.js";
import { parseCount, parseRate } from "../../terminal/durations.js";
import { addOutputOption } from "../../terminal/output.js";

/** `rollcall fleet …`: many simulated devices, from a file. */
export function addFleet(program: Command, context: Context): void {
  const fleet = program.command("fleet").description("act as many devices, described by a file");
  addRun(fleet, context);
  addEnrollments(fleet, context);
}

function addRun(fleet: Command, context: Context): void {
  const run = fleet
    .command("run")
    .description("register every device of a fleet, visit its hub, report")
    .argument("<file>", "fleet file, such as devices/fleets/demo.yaml")
    .addOption(
      new Option("--rate <n/s>", "devices started per second, even while earlier ones are not finished")
        .argParser(parseRate)
        .conflicts("concurrency"),
    )
    .addOption(
      new Option("--concurrency <n>", "devices at the same time (default: 50, unless --rate is given)").argParser(
        parseCount,
      ),
    )
    .option("--host <host[:port]>", "use this provisioning service instead of the one of --location")
    .option("--scope, --id-scope <scope>", "ID scope; needed with --host")
    .option("--ca <file>", "PEM of the CA to trust (default: the service's; with --host: the public CAs)")
    .option("--i-own-this-target", "allow a target that is not on loopback")
    .option("--no-hub", "register only: no device visits its hub")
    .option("--no-live", "no live progress on the terminal")
    .option("--summary-export <file>", "also write the report as JSON to a file")
    .action(async (file: string, options) => (await import("./actions.js")).run(file, options, context));
  addOutputOption(addLocationOption(run));
  run.addHelpText(
    "after",
    "\nThe service needs the fleet's enrollments: rollcall fleet enrollments <file> prints them as a seed file.\n\nExample:\n  rollcall fleet run devices/fleets/demo.yaml --rate 20/s",
  );
}

function addEnrollments(fleet: Command, context: Context): void {
  const enrollments = fleet
    .command("enrollments")
    .description("print the enrollments that a fleet needs, as a seed file")
    .argument("<file>", "fleet file")
    .action(async (file: string, options) => (await import("./actions.js")).enrollments(file, options, context));
  enrollments.addOption(new Option("-o, --output <format>", "output format").choices(["json", "yaml"]).default("json"));
  enrollments.addHelpText(
    "after",
    "\nExample:\n  rollcall fleet enrollments devices/fleets/demo.yaml > seed.json && rollcall start --seed seed.json",
  );
}
