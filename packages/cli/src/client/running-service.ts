import { relative } from "node:path";
import type { ServiceInfo } from "@rollcall/protocol";
import { type Command, Option } from "commander";
import { CliError, reasonOf } from "../terminal/cli-error.js";
import { quote } from "../terminal/shell.js";
import { dashboardUrl, ManagementClient } from "./management-client.js";

/** Adds `--location`, which every command that talks to a running service has. */
export function addLocationOption(command: Command): Command {
  const where = "data directory of the service (default: ROLLCALL_LOCATION, rollcall.yaml, ./.rollcall)";
  return command.addOption(new Option("--location <dir>", where));
}

/** Absolute path of the data directory: from the flag, else from the environment or the configuration. */
export async function resolveLocation(flag: string | undefined): Promise<string> {
  const { ConfigError, loadConfig } = await import("@rollcall/service");
  try {
    return loadConfig({ flags: { location: flag } }).location;
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError("configuration", error.message, { cause: error });
    throw error;
  }
}

/** A service that wrote its address, process id and token into its location. */
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

/** The service of a location; undefined when no service runs there, or when it is not ready yet. */
export async function findService(location: string): Promise<RunningService | undefined> {
  const { LocationError, readInstance } = await import("@rollcall/service");
  try {
    const instance = readInstance(location);
    if (!instance) return undefined;
    // The service that wrote it has the same version as this client, since one package contains both.
    const info = instance.info as ServiceInfo;
    const url = dashboardUrl(info);
    return new RunningService(location, { pid: info.pid, url, token: instance.managementToken });
  } catch (error) {
    if (error instanceof LocationError) throw new CliError("unreachable", reasonOf(error), { cause: error });
    throw error;
  }
}

/** The service of a location. Throws CliError when no service runs there. */
export async function connect(flag: string | undefined): Promise<RunningService> {
  const location = await resolveLocation(flag);
  const service = await findService(location);
  if (service) return service;
  throw new CliError("unreachable", `no service is running in ${nearName(location)}`, { next: startCommand(flag) });
}

/** The command that starts a service in the location of the flag. */
export function startCommand(flag: string | undefined): string {
  return `rollcall start${where({ location: flag })}`;
}

/** The command that stops the service of a location. */
export function stopCommand(location: string): string {
  return `rollcall stop --location ${quote(nearName(location))}`;
}

/** ` --location …` for the command that is suggested next; empty when the flag was not given. */
export const where = ({ location }: { readonly location?: string | undefined }): string =>
  location === undefined ? "" : ` --location ${quote(location)}`;

/** A path relative to the working directory where it lies below it, else unchanged. */
export function nearName(path: string): string {
  const near = relative(process.cwd(), path);
  return near === "" || near.startsWith("..") ? path : `./${near}`;
}
