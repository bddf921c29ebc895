import { type Command, Option } from "commander";
import { CliError, systemCode } from "./cli-error.js";
import { ManagementClient } from "./management-client.js";
import { quote } from "./shell.js";

/** `--location`, of every command that talks to a running service. */
export function addLocationOption(command: Command): Command {
  return command.addOption(
    new Option("--location <dir>", "data directory of the service (default: ROLLCALL_LOCATION, else ./.rollcall)"),
  );
}

/** The data directory that is meant. */
export async function resolveLocation(flag: string | undefined): Promise<string> {
  return flag ?? "./.rollcall";
}

/** A service that left word of itself in its location. */
export class RunningService extends ManagementClient {
  readonly location: string;
  readonly pid: number;
  readonly url: string;
  constructor(
    location: string,
    instance: { readonly pid: number; readonly url: string; readonly token: string | undefined },
  ) {
    super(instance);
    this.location = location;
    this.pid = instance.pid;
    this.url = instance.url;
  }
}

/** The service of a location; undefined when none is there, or its process is gone. */
export async function findService(_location: string): Promise<RunningService | undefined> {
  return undefined;
}

/** The service of a location, for commands that need one. */
export async function connect(flag: string | undefined): Promise<RunningService> {
  const location = await resolveLocation(flag);
  const service = await findService(location);
  if (service) return service;
  throw new CliError("unreachable", `no service is running in ${location}`, {
    next: flag === undefined ? "rollcall start" : `rollcall start --location ${quote(flag)}`,
  });
}

/** True while a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
