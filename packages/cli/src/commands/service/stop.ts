import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { addLocationOption, connect } from "../../client/running-service.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { formatMs, parseDuration } from "../../terminal/durations.js";

/** `rollcall stop`: asks the service to stop and returns when its process is gone. */
export function addStop(program: Command, { terminal }: Context): void {
  const stop = program
    .command("stop")
    .description("stop the service of a location")
    .addOption(
      new Option("--timeout <duration>", "give up after this")
        .argParser(parseDuration)
        .default(parseDuration("15s"), "15s"),
    )
    .action(async (options: { location?: string; timeout: number }) => {
      const service = await connect(options.location);
      await service.stop();
      const { isAlive } = await import("@rollcall/service");
      const deadline = performance.now() + options.timeout;
      while (isAlive({ pid: service.pid })) {
        if (performance.now() >= deadline) {
          throw new CliError(
            "unreachable",
            `process ${service.pid} has not ended within ${formatMs(options.timeout)}`,
            { next: `kill ${service.pid}` },
          );
        }
        await sleep(50);
      }
      terminal.note(`stopped: process ${service.pid} has ended`);
    });
  addLocationOption(stop);
}
