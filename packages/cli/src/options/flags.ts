import { type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../terminal/cli-error.js";
import { parseCount } from "../terminal/durations.js";

/** Adds an option under more names than the two that commander takes; the further ones are not in the help. */
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

/** Takes one of these words in any case, and gives it as it is written here: az has `symmetrickey` and `symmetricKey`. */
export function oneOf(option: Option, words: readonly string[]): Option {
  // `choices` is what help and completion read; its own parser minds the case.
  return option.choices(words).argParser((text) => {
    const word = words.find((each) => each.toLowerCase() === text.toLowerCase());
    if (word === undefined) throw new InvalidArgumentError(`It is one of ${words.join(", ")}.`);
    return word;
  });
}

const TRUE = ["true", "t", "yes", "y", "1"];
const FALSE = ["false", "f", "no", "n", "0"];

/** A flag that may stand alone, which is yes, or be followed by true or false, as az has it. */
export function yesOrNo(option: Option): Option {
  return option.argParser((text) => {
    const word = text.toLowerCase();
    if (TRUE.includes(word)) return true;
    if (FALSE.includes(word)) return false;
    throw new InvalidArgumentError("It is true or false.");
  });
}

/** `--etag`: the version that is meant to be changed. */
export function addEtagOption(command: Command, flags = "--etag, --if-match <etag>", also: string[] = []): Command {
  return addFlag(command, new Option(flags, "only if its ETag is still this one"), also);
}

export function addYesOption(command: Command): Command {
  return command.option("-y, --yes", "do not ask");
}

export function addTopOption(command: Command): Command {
  return command.addOption(new Option("--top <n>", "at most this many (default: all)").argParser(parseCount));
}

/** How az chooses a service of the cloud; here it is chosen by its location. */
const CHOICES_OF_AZ = [
  ["-g, --resource-group <name>", "--resource-group"],
  ["--subscription <name>", "--subscription"],
  ["--auth-type <type>", "--auth-type"],
  ["--dps-name <name>", "--dps-name"],
] as const;

/** Lets a pasted az command through: what names a service of the cloud is ignored with a note, or refused where it is one's key. */
export function addCloudFlags(command: Command, note: (text: string) => void, nameIsShort = true): Command {
  for (const [flags, long] of CHOICES_OF_AZ) {
    const spelling = long === "--dps-name" && nameIsShort ? `-n, ${flags}` : flags;
    const option = new Option(spelling).hideHelp();
    command.addOption(
      option.argParser((value) => {
        note(`${long} ${value} is ignored: the service is the one of --location`);
        return value;
      }),
    );
  }
  command.addOption(
    refused("-l, --login <connection-string>", "it names a service of the cloud; --location chooses one here"),
  );
  return command.addOption(
    refused("--query <jmespath>", "it is az's own (JMESPath); write -o json and give that to jq"),
  );
}

/** An option of az that cannot be obeyed. commander's own error would repeat its value, which may hold a key. */
function refused(flags: string, why: string): Option {
  const option = new Option(flags).hideHelp();
  return option.argParser(() => {
    throw new CliError("usage", `${option.long}: ${why}`);
  });
}
