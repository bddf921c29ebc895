import { CliError } from "./cli-error.js";
import type { Terminal } from "./terminal.js";

/** Goes on when a person says yes, or said `--yes` beforehand. Throws CliError where nobody can be asked, and after a no. */
export async function confirm(terminal: Terminal, what: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  const answer = await terminal.ask(`${what}? (y/N) `);
  if (answer === undefined)
    throw new CliError("usage", `${what}: nobody can be asked here`, { next: "the same command with --yes" });
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("interrupted", "nothing was changed");
}
