import { relative } from "node:path";
import type { ServiceInfo } from "@rollcall/protocol";
import { type Command, Option } from "commander";
import { CliError, reasonOf } from "../terminal/cli-error.js";
import { quote } from "../terminal/shell.js";
import { dashboardUrl, ManagementClient } from "./management-client.js";

/** `--location`, of every command that talks to a running service. */
export function addLocationOption(command: Command): Command {
  const where = "data directory of the service (default: ROLLCALL_LOCATION, rollcall.yaml, ./.rollcall)";
  return command.addOption(new Option("--location <dir>", where));
}

/** The data directory that is meant, absolute. */
export async function resolveLocation(flag: string | undefined): Promise<string> {
  const { ConfigError, loadConfig } = await import("@rollcall/service");
  try {
    return loadConfig({ flags: { location: flag } }).location;
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError("configuration", error.message, { cause: error });
    throw error;
  }
}

/** A service that left word of itself in its location. */
export class RunningService extends ManagementClient {
  readonly location: string;
  readonly pid: number;
  readonly url: string;
  constructor(location: string, address: { readonly pid: number; readonly url: string; readonly token: string }) {
    super(address);
    this.location = location;
    this.pid = address.pid;
    this.url = address.url;
  }

  protected override get startCommand(): string {
    return startCommand(nearName(this.location));
  }
}

/** The service of a location; undefined when none runs there, or it is not ready yet. */
export async function findService(location: string): Promise<RunningService | undefined> {
  const { LocationError, readInstance } = await import("@rollcall/service");
  try {
    const instance = readInstance(location);
    if (!instance) return undefined;
    // Written by a service of this version: both come in one package.
    const info = instance.info as ServiceInfo;
    const url = dashboardUrl(info);
    return new RunningService(location, { pid: info.pid, url, token: instance.managementToken });
  } catch (error) {
    if (error instanceof LocationError) throw new CliError("unreachable", reasonOf(error), { cause: error });
    throw error;
  }
}

/** The service of a location, for commands that need one. */
export async function connect(flag: string | undefined): Promise<RunningService> {
  const location = await resolveLocation(flag);
  const service = await findService(location);
  if (service) return service;
  throw new CliError("unreachable", `no service is running in ${nearName(location)}`, { next: startCommand(flag) });
}

/** What to type to have a service in the location that was asked for. */
export function startCommand(flag: string | undefined): string {
  return `rollcall start${where({ location: flag })}`;
}

/** What to type to end the service of a location, however that was given. */
export function stopCommand(location: string): string {
  return `rollcall stop --location ${quote(nearName(location))}`;
}

/** ` --location …`, for a command that is to be typed next; nothing where none was given. */
export const where = ({ location }: { readonly location?: string | undefined }): string =>
  location === undefined ? "" : ` --location ${quote(location)}`;

/** A path as a person would write it from here. */
export function nearName(path: string): string {
  const near = relative(process.cwd(), path);
  return near === "" || near.startsWith("..") ? path : `./${near}`;
}
