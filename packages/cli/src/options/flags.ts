import { type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../terminal/cli-error.js";
import { parseCount } from "../terminal/durations.js";

/** Adds an option with more spellings than commander's two; the help does not show the further spellings. */
export function addFlag(command: Command, option: Option, also: readonly string[] = []): Command {
  command.addOption(option);
  const value = /[<[].*$/.exec(option.flags)?.[0] ?? "";
  for (const spelling of also) {
    const other = new Option(`${spelling} ${value}`.trim(), option.description).hideHelp();
    other.attributeName = () => option.attributeName();
    if (option.parseArg) other.argParser(option.parseArg);
    command.addOption(other);
  }
  return command;
}

/** Accepts one of these words in any case, and returns it as spelled here: az has `symmetrickey` and `symmetricKey`. */
export function oneOf(option: Option, words: readonly string[]): Option {
  // Help and completion read `choices`; its own parser is case-sensitive and therefore replaced.
  return option.choices(words).argParser((text) => {
    const word = words.find((each) => each.toLowerCase() === text.toLowerCase());
    if (word === undefined) throw new InvalidArgumentError(`It must be one of ${words.join(", ")}.`);
    return word;
  });
}

const TRUE = ["true", "t", "yes", "y", "1"];
const FALSE = ["false", "f", "no", "n", "0"];

/** A flag without a value, which means true, or with the value true or false, as in az. */
export function yesOrNo(option: Option): Option {
  return option.argParser((text) => {
    const word = text.toLowerCase();
    if (TRUE.includes(word)) return true;
    if (FALSE.includes(word)) return false;
    throw new InvalidArgumentError("It must be true or false.");
  });
}

/** Adds `--etag`: the ETag of the version to change. */
export function addEtagOption(command: Command, flags = "--etag, --if-match <etag>", also: string[] = []): Command {
  return addFlag(command, new Option(flags, "only if the ETag still has this value"), also);
}

export function addYesOption(command: Command): Command {
  return command.option("-y, --yes", "do not ask for confirmation");
}

export function addTopOption(command: Command): Command {
  return command.addOption(new Option("--top <n>", "at most this many (default: all)").argParser(parseCount));
}

/** Flags by which az chooses a service of the cloud; Rollcall chooses by the location. */
const CHOICES_OF_AZ = [
  ["-g, --resource-group <name>", "--resource-group"],
  ["--subscription <name>", "--subscription"],
  ["--auth-type <type>", "--auth-type"],
  ["--dps-name <name>", "--dps-name"],
] as const;

/**
 * Accepts a pasted az command: flags that name a service of the cloud are ignored with a note, but its key is refused.
 */
export function addCloudFlags(command: Command, note: (text: string) => void, nameIsShort = true): Command {
  for (const [flags, long] of CHOICES_OF_AZ) {
    const spelling = long === "--dps-name" && nameIsShort ? `-n, ${flags}` : flags;
    const option = new Option(spelling).hideHelp();
    command.addOption(
      option.argParser((value) => {
        note(`${long} ${value} is ignored: --location chooses the service`);
        return value;
      }),
    );
  }
  command.addOption(
    refused("-l, --login <connection-string>", "it names a service of the cloud; --location chooses one here"),
  );
  return command.addOption(refused("--query <jmespath>", "JMESPath works in az only; use -o json and jq"));
}

/** An option of az that is refused. commander's own error would repeat its value, which may contain a key. */
function refused(flags: string, why: string): Option {
  const option = new Option(flags).hideHelp();
  return option.argParser(() => {
    throw new CliError("usage", `${option.long}: ${why}`);
  });
}
