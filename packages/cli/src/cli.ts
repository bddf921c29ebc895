import { type Command, CommanderError } from "commander";
import { addCompletionStub, attachCompletion } from "./complete.js";
import { createProgram } from "./program.js";
import { CliError, reasonOf } from "./terminal/cli-error.js";
import type { Context } from "./terminal/context.js";
import { exitCodes } from "./terminal/exit-codes.js";

/** Runs one command line and returns its exit code. Never throws. */
export async function run(context: Context): Promise<number> {
  const { argv } = context;
  const program = createProgram(context);
  try {
    await program.parseAsync([...(await completing(program, argv))], { from: "user" });
    return exitCodes.done.code;
  } catch (error) {
    if (error instanceof CommanderError) return afterParsing(error, program, context);
    return explainFailure(error, context);
  }
}

/** Returns the arguments to parse. Attaches the completion adapter when the command line asks for completion. */
async function completing(program: Command, argv: readonly string[]): Promise<readonly string[]> {
  // Only the stub's help says that bash needs the package bash-completion.
  const isHelp = argv.some((word) => word === "-h" || word === "--help");
  if (argv[0] === "complete" || (argv[0] === "completion" && !isHelp)) return attachCompletion(program, argv);
  addCompletionStub(program);
  return argv;
}

/** commander has already said what is wrong, or printed the help that was asked for. */
function afterParsing(error: CommanderError, program: Command, { argv, terminal }: Context): number {
  if (error.exitCode === 0) return exitCodes.done.code;
  if (error.code !== "commander.help") terminal.note(`Try: ${commandPath(program, argv)} --help`);
  return exitCodes.usage.code;
}

/** The deepest command that the arguments name, with its parents: `rollcall hub twin`. */
function commandPath(program: Command, argv: readonly string[]): string {
  let command = program;
  const names = [program.name()];
  for (const word of argv) {
    const child = command.commands.find((each) => each.name() === word);
    if (!child) break;
    names.push(child.name());
    command = child;
  }
  return names.join(" ");
}

function explainFailure(error: unknown, { argv, terminal }: Context): number {
  const known = error instanceof CliError ? error : undefined;
  const mark = terminal.paintNote("red", known ? "rollcall:" : "rollcall: unexpected failure:");
  if (known?.message !== "") terminal.note(`${mark} ${reasonOf(error)}`);
  if (known?.next !== undefined) terminal.note(`Try: ${known.next}`);
  if (argv.includes("--debug") && error instanceof Error) terminal.note(stackOf(error));
  else if (!known) terminal.note("Try: the same command with --debug, which prints the stack trace");
  return exitCodes[known?.kind ?? "unexpected"].code;
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackOf(error.cause)}` : own;
}
