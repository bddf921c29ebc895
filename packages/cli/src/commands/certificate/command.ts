import { type Command, Option } from "commander";
import { addEtagOption, addFlag, addYesOption, yesOrNo } from "../../options/flags.js";
import { addOperatorOptions } from "../../options/operator-options.js";
import type { Context } from "../../terminal/context.js";

const actions = () => import("./actions.js");

/** `rollcall certificate …`: CA certificates that groups refer to. Verbs and flags as in `az iot dps certificate`. */
export function addCertificate(program: Command, context: Context): void {
  const noun = program.command("certificate").description("CA certificates that enrollment groups refer to by name");
  const create = addName(
    noun.command("create").description("upload a CA certificate; an existing one is not replaced"),
  );
  create
    .requiredOption("-p, --path <file>", "the certificate (PEM or DER)")
    .addOption(
      yesOrNo(new Option("-v, --verified [true|false]", "mark it as verified, without a proof of possession")),
    );
  create.action(async (flags) => (await actions()).create(flags, context));

  const verify = addName(noun.command("verify").description("prove possession of a CA certificate's private key"));
  verify
    .option("-p, --path <file>", "a certificate for the verification code, signed with the CA's key")
    .addOption(
      new Option("--ca-key <file>", "the CA's private key: makes the proof here; the key is not sent").conflicts(
        "path",
      ),
    );
  addEtag(verify).action(async (flags) => (await actions()).verify(flags, context));

  const list = noun.command("list").description("list the CA certificates");
  list.action(async (flags) => (await actions()).list(flags, context));

  const show = addName(noun.command("show").description("print a CA certificate"));
  show.action(async (flags) => (await actions()).show(flags, context));

  const remove = addName(noun.command("delete").description("delete a CA certificate that no group refers to"));
  addYesOption(addEtag(remove)).action(async (flags) => (await actions()).remove(flags, context));

  const code = noun
    .command("generate-verification-code")
    .description("print the common name that the proof certificate must have");
  addEtag(addName(code)).action(async (flags) => (await actions()).generateCode(flags, context));
  for (const command of [create, verify, list, show, remove, code])
    addOperatorOptions(command, context, { nameIsShort: false });
  noun.addHelpText("after", HELP);
}

function addName(command: Command): Command {
  const option = new Option("-n, --name <name>", "name of the certificate").makeOptionMandatory();
  return addFlag(command, option, ["--certificate-name"]);
}

const addEtag = (command: Command): Command => addEtagOption(command, "-e, --etag <etag>", ["--if-match"]);

const HELP = `
Examples:
  rollcall certificate create -n factory-root -p factory-root.pem
  rollcall certificate verify -n factory-root --ca-key factory-root.key.pem
  rollcall enrollment-group create --gid factory --ca-name factory-root`;
