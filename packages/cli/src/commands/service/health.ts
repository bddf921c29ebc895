import type { Command } from "commander";
import { addLocationOption, connect, startCommand } from "../../client/running-service.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";

/** `rollcall health`: prints ok when the service answers. */
export function addHealth(program: Command, { terminal }: Context): void {
  const health = program
    .command("health")
    .description("print ok when the service answers")
    .action(async (options: { location?: string }) => {
      const service = await connect(options.location);
      if (!(await service.isHealthy())) {
        throw new CliError("unreachable", `the service of ${service.location} does not answer`, {
          next: startCommand(options.location),
        });
      }
      terminal.out("ok");
    });
  addLocationOption(health);
}
