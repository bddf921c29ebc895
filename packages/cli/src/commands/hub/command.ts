import { type Command, Option } from "commander";
import { addFlag, addTopOption, addYesOption } from "../../options/flags.js";
import { addOperatorOptions } from "../../options/operator-options.js";
import type { Context } from "../../terminal/context.js";

const actions = () => import("./actions.js");

/** `rollcall hub …`: the hubs that devices are assigned to, as an operator sees them. */
export function addHub(program: Command, context: Context): void {
  const noun = program.command("hub").description("the linked hubs, their devices and twins");
  const list = noun.command("list").description("list the linked hubs");
  list.action(async (flags) => (await actions()).list(flags, context));

  const devices = addHubOption(noun.command("devices").description("list the devices of one hub, or of all hubs"));
  addTopOption(devices).option("--search <text>", "only devices whose id contains this text");
  devices.action(async (flags) => (await actions()).devices(flags, context));

  const twin = addDeviceOption(
    addHubOption(noun.command("twin").description("print the twin of a device, or change its desired properties")),
  );
  twin.option("--desired <json>", "change these desired properties first; null removes one; @file reads a file");
  twin.action(async (flags) => (await actions()).twin(flags, context));

  twin.option("--tags <json>", "change these tags first, in the same way");
  const remove = addDeviceOption(
    addHubOption(noun.command("delete-device").description("delete a device and its twin from a hub")),
  );
  addYesOption(remove).action(async (flags) => (await actions()).removeDevice(flags, context));
  for (const command of [list, devices, twin, remove]) addOperatorOptions(command, context, { nameIsShort: false });
  noun.addHelpText("after", HELP);
}

const addHubOption = (command: Command): Command =>
  addFlag(command, new Option("-n, --hub-name <host>", "host name of the hub (default: the hub that has the device)"), [
    "--hub",
  ]);

const addDeviceOption = (command: Command): Command =>
  addFlag(command, new Option("-d, --device-id <id>", "device id at the hub").makeOptionMandatory(), ["--did"]);

const HELP = `
Examples:
  rollcall hub devices
  rollcall hub twin -d pump-7
  rollcall hub twin -d pump-7 --desired '{"interval":10}'`;
