import type { Command } from "commander";
import { addLocationOption, connect, where } from "../../client/running-service.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { addOutputOption, type OutputFormat, toJson } from "../../terminal/output.js";

/** `rollcall explain`: why the last attempt of a device ended as it did. */
export function addExplain(program: Command, { terminal }: Context): void {
  const explain = program
    .command("explain")
    .description("say why a device was refused, and how to fix it")
    .argument("<id>", "tracking id of a reply, or registration id of a device")
    .action(async (id: string, options: { location?: string; output?: OutputFormat }) => {
      const service = await connect(options.location);
      const attempt = await service.attempt(id);
      if (!attempt) {
        throw new CliError(
          "notFound",
          `the service knows no attempt of ${id}: it remembers the last 10,000 attempts since it started; its portal shows them`,
          {
            next: `rollcall info portalUrl${where(options)}`,
          },
        );
      }
      if (options.output === "json") return terminal.out(toJson(attempt));
      const { formatAttempt } = await import("./format-attempt.js");
      const columns = terminal.outIsTerminal ? Math.min(terminal.columns, 110) : Number.POSITIVE_INFINITY;
      terminal.out(formatAttempt(attempt, { columns, paint: terminal.paint }));
    });
  addOutputOption(addLocationOption(explain));
}
