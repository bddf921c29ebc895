import { isLoopback, type ServiceInfo } from "@rollcall/protocol";
import {
  type Config,
  ConfigError,
  isStoreError,
  ListenError,
  LocationError,
  LocationInUseError,
  loadConfig,
  type Rollcall,
  type SettingValues,
  startRollcall,
} from "@rollcall/service";
import { dashboardUrl, portalUrl } from "../../client/management-client.js";
import { nearName, stopCommand } from "../../client/running-service.js";
import { CliError, reasonOf } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { aborted } from "../../terminal/interrupts.js";
import { type BannerFacts, banner } from "./banner.js";
import { startDetached } from "./detach.js";

interface StartFlags extends SettingValues {
  readonly config?: string;
  readonly detach?: boolean;
  /** Not a setting, since it must happen once only: as a setting it would let every node in. */
  readonly replaceClusterKeys?: boolean;
}

/** `start`: runs until a signal or `rollcall stop`; with `--detach`, returns once the service is ready. */
export async function start(flags: StartFlags, context: Context): Promise<void> {
  const config = configure(flags);
  if (flags.detach === true) return detach(config, context);
  const signal = context.interrupts.hold();
  const rollcall = await launch({ ...config, replaceClusterKeys: flags.replaceClusterKeys });
  const { info, notices, managementToken } = rollcall;
  const page = portalUrl(dashboardUrl(info), managementToken);
  const about = { config, notices, seeded: countOf(rollcall), detached: false, portalUrl: page };
  context.terminal.out(bannerOf(info, about, context));
  await Promise.race([aborted(signal), rollcall.stopped]);
  if (signal.aborted) context.terminal.note("stopping");
  await rollcall.stop();
}

const countOf = ({ seeded }: Rollcall): number => seeded.individuals + seeded.groups;

async function detach(config: Config, context: Context): Promise<void> {
  if (config.inMemory)
    throw new CliError("usage", "--detach needs a location: a service in memory cannot be found again");
  const service = await startDetached(config.location, context);
  const about = { config, notices: [], detached: true, portalUrl: service.portalUrl };
  context.terminal.out(bannerOf(await service.info(), about, context));
}

/** Loads the configuration from flags, environment and file. */
function configure(flags: StartFlags): Config {
  try {
    return loadConfig({ flags, configFile: flags.config });
  } catch (error) {
    throw error instanceof ConfigError ? misconfigured(error) : error;
  }
}

/** The error for an invalid flag (wrong usage), or for an invalid setting elsewhere. */
function misconfigured(error: ConfigError): CliError {
  const isFlag = error.message.startsWith("--");
  const next = isFlag ? "rollcall start --help" : undefined;
  return new CliError(isFlag ? "usage" : "configuration", error.message, { next, cause: error });
}

/** Starts the service. Throws CliError, worded for the user, when the service refuses to start. */
export async function launch(options: Parameters<typeof startRollcall>[0]): Promise<Rollcall> {
  try {
    return await startRollcall(options);
  } catch (error) {
    if (error instanceof ConfigError) throw misconfigured(error);
    if (error instanceof LocationInUseError)
      throw new CliError("unsafe", error.message, { next: stopCommand(error.path), cause: error });
    if (error instanceof LocationError) throw new CliError("unsafe", error.message, { cause: error });
    if (isStoreError(error)) {
      const kind = error.kind === "unreachable" ? "unreachable" : "unsafe";
      throw new CliError(kind, reasonOf(error), { cause: error });
    }
    if (error instanceof ListenError) throw new CliError("conflict", reasonOf(error), { cause: error });
    throw error;
  }
}

type Circumstances = { readonly config: Config } & Pick<BannerFacts, "notices" | "detached" | "seeded" | "portalUrl">;

function bannerOf(info: ServiceInfo, { config, ...rest }: Circumstances, { terminal }: Context): string {
  const facts = {
    ...rest,
    info,
    location: config.inMemory ? undefined : nearName(config.location),
    seed: typeof config.seed === "string" ? nearName(config.seed) : undefined,
    tpmOverMqtt: config.tpmOverMqtt ?? isLoopback(config.listen.host),
    exposed: !isLoopback(config.listen.host),
  };
  return banner(facts, terminal.paint);
}
