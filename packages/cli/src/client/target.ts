import { rootCertificates } from "node:tls";
import { CliError } from "../terminal/cli-error.js";
import { readUserFile } from "../terminal/files.js";
import { connect } from "./running-service.js";

/** The flags that name a provisioning service. */
export interface TargetFlags {
  readonly host?: string;
  readonly idScope?: string;
  readonly ca?: string;
  readonly location?: string;
}

/** A provisioning service and the hubs behind it. */
export interface Target {
  readonly host: string;
  readonly idScope: string;
  readonly ca: string;
  readonly mqttPort?: number;
  readonly httpsPort?: number;
  /** Set when the target is the service of a location; only such a service can explain a refusal. */
  readonly management?: { readonly url: string; readonly location: string };
}

/** The target that `--host` and its companion flags name, else the service of the location. */
export async function resolveTarget(flags: TargetFlags): Promise<Target> {
  return flags.host === undefined ? localTarget(flags) : otherTarget(flags, flags.host);
}

async function localTarget(flags: TargetFlags): Promise<Target> {
  const service = await connect(flags.location);
  const info = await service.info();
  return {
    host: info.host,
    idScope: flags.idScope ?? info.idScope,
    ca: await readUserFile(flags.ca ?? info.caPath, flags.ca === undefined ? "the CA of the service" : "--ca"),
    mqttPort: info.ports.mqtt,
    httpsPort: info.ports.https,
    management: { url: service.url, location: service.location },
  };
}

async function otherTarget(flags: TargetFlags, text: string): Promise<Target> {
  if (flags.idScope === undefined) throw new CliError("usage", "--host needs --scope <ID scope>");
  const { host, port } = parseHost(text);
  return {
    host,
    idScope: flags.idScope,
    ca: flags.ca === undefined ? rootCertificates.join("\n") : await readUserFile(flags.ca, "--ca"),
    ...(port !== undefined && { mqttPort: port, httpsPort: port }),
  };
}

/** `name`, `name:port`, `[::1]:port`, or a bare IPv6 address. */
export function parseHost(text: string): { host: string; port?: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:/\s[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? (/^[0-9A-Fa-f:.]+$/.test(text) ? text : undefined);
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) {
    throw new CliError("usage", `--host ${text}: write it as name, name:port or [address]:port`);
  }
  return { host, ...(port !== undefined && { port }) };
}
