import { type Command, Option } from "commander";
import type { Context } from "../../terminal/context.js";
import { parseCount } from "../../terminal/durations.js";

/** `rollcall demo`: from an empty service to devices at their hub. */
export function addDemo(program: Command, context: Context): void {
  program
    .command("demo")
    .description("start a service, register a fleet of fifty devices and three that must be refused")
    .option("--fleet <file>", "fleet file (default: devices/fleets/demo.yaml)")
    .addOption(new Option("--concurrency <n>", "devices that register at the same time").argParser(parseCount))
    .option("--keep", "keep the service running until Ctrl-C, to look around")
    .action(async (flags) => (await import("./action.js")).demo(flags, context));
}
