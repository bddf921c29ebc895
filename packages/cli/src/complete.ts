import { Argument, type Command } from "commander";

/** Shells that `completion` can write a script for. */
const SHELLS = ["bash", "zsh", "fish", "powershell"];

/**
 * Adds `completion <shell>` to the help. The adapter that implements it is loaded only when the command line asks for
 * it.
 */
export function addCompletionStub(program: Command): void {
  program
    .command("completion")
    .description("print a completion script for your shell")
    .addArgument(new Argument("<shell>", "shell to print the script for").choices(SHELLS))
    .addHelpText(
      "after",
      '\nExample:\n  eval "$(rollcall completion bash)"   (bash needs the package bash-completion)',
    );
}

/**
 * Answers `completion <shell>`, and `complete -- …`, which the printed script calls on every Tab. Returns the command line
 * as the adapter understands it.
 */
export async function attachCompletion(program: Command, argv: readonly string[]): Promise<readonly string[]> {
  if (argv[0] === "complete" && wantsFile(program, argv.slice(2))) {
    // The adapter never lets the shell complete file names; directive 0 does.
    program
      .command("complete", { hidden: true })
      .allowExcessArguments()
      .allowUnknownOption()
      .action(() => console.log(":0"));
    return argv;
  }
  const { default: attach } = await import("@bomb.sh/tab/commander");
  attach(program, { completionCommandName: "completion" });
  return argv[0] === "complete" ? [...argv.slice(0, 2), ...withLongFlags(program, argv.slice(2))] : argv;
}

/** Replaces `--at` by `--attestation-type`: of two spellings with dashes, the adapter knows only the longer one. */
function withLongFlags(program: Command, words: readonly string[]): string[] {
  const { command } = meant(program, words.slice(0, -1));
  return words.map((word, index) => {
    const option = word.startsWith("--") && command.options.find((each) => each.short === word);
    return (index < words.length - 1 && option && option.long) || word;
  });
}

/** The command that the words name, and how many words name it. */
function meant(program: Command, words: readonly string[]): { command: Command; depth: number } {
  let command = program;
  let depth = 0;
  for (const word of words) {
    const child = command.commands.find((each) => each.name() === word);
    if (!child) break;
    command = child;
    depth += 1;
  }
  return { command, depth };
}

/**
 * True when the word under the cursor is a path: the help names the option's value or the argument like a file or
 * folder.
 */
function wantsFile(program: Command, words: readonly string[]): boolean {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const { command, depth } = meant(program, before);
  const last = before.at(-1) ?? "";
  const option = command.options.find((each) => each.long === last || each.short === last);
  if (option?.required) return PATH.test(option.flags);
  if (current.startsWith("-")) return false;
  return before.length === depth && command.registeredArguments.some((each) => PATH.test(`<${each.name()}>`));
}

const PATH = /<(file|dir)>/;
