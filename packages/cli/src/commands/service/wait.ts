import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { addLocationOption, findService, resolveLocation, startCommand } from "../../client/running-service.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { formatMs, parseDuration } from "../../terminal/durations.js";

const PAUSE_MS = 100;

/** `rollcall wait`: returns once the service is ready. */
export function addWait(program: Command, { terminal }: Context): void {
  const wait = program
    .command("wait")
    .description("wait until the service is ready")
    .addOption(
      new Option("--timeout <duration>", "give up after this")
        .argParser(parseDuration)
        .default(parseDuration("30s"), "30s"),
    )
    .action(async (options: { location?: string; timeout: number }) => {
      const location = await resolveLocation(options.location);
      const deadline = performance.now() + options.timeout;
      for (;;) {
        const service = await findService(location);
        if (service && (await service.isReady())) return terminal.note(`ready: ${service.url}`);
        if (performance.now() >= deadline) {
          throw new CliError("unreachable", `no service was ready in ${location} within ${formatMs(options.timeout)}`, {
            next: startCommand(options.location),
          });
        }
        await sleep(Math.min(PAUSE_MS, Math.max(1, deadline - performance.now())));
      }
    });
  addLocationOption(wait);
}
