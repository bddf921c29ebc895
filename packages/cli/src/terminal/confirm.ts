import { CliError } from "./cli-error.js";
import type { Terminal } from "./terminal.js";

/**
 * Returns when the user answers yes, or gave `--yes`. Throws CliError after a no, and when there is no terminal to ask
 * on.
 */
export async function confirm(terminal: Terminal, what: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  const answer = await terminal.ask(`${what}? (y/N) `);
  if (answer === undefined)
    throw new CliError("usage", `${what}: there is no terminal to ask for confirmation`, {
      next: "the same command with --yes",
    });
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("interrupted", "nothing was changed");
}
