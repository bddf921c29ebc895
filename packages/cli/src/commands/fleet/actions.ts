import {
  type Fleet,
  FleetFileError,
  type FleetReport,
  fleetEnrollments,
  formatReport,
  loadFleet,
  runFleet,
  TargetRefusedError,
} from "@rollcall/simulator";
import { ManagementClient } from "../../client/management-client.js";
import { resolveTarget, type Target, type TargetFlags } from "../../client/target.js";
import { CliError, reasonOf, systemCode } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { writeAtomically } from "../../terminal/files.js";
import { type OutputFormat, toJson, toYaml } from "../../terminal/output.js";
import { quote } from "../../terminal/shell.js";
import { createProgress } from "./progress.js";

interface RunFlags extends TargetFlags {
  readonly rate?: number;
  readonly concurrency?: number;
  readonly iOwnThisTarget?: boolean;
  readonly hub: boolean;
  readonly live: boolean;
  readonly summaryExport?: string;
  readonly output?: OutputFormat;
}

/** `fleet run`. */
export async function run(file: string, flags: RunFlags, context: Context): Promise<void> {
  const { terminal } = context;
  const signal = context.interrupts.hold();
  const fleet = await openFleet(file, signal);
  const target = await resolveTarget(flags);
  const report = await runAgainst(fleet, target, { flags, signal, context });
  if (flags.summaryExport !== undefined) await writeAtomically(flags.summaryExport, `${toJson(report)}\n`, 0o644);
  terminal.out(flags.output === "json" ? toJson(report) : formatReport(report));
  judge(report, flags);
}

async function runAgainst(
  fleet: Fleet,
  target: Target,
  { flags, signal, context }: { flags: RunFlags; signal: AbortSignal; context: Context },
): Promise<FleetReport> {
  const progress = createProgress(context.terminal, flags.live);
  try {
    return await runFleet(fleet, {
      target,
      signal,
      ownTarget: flags.iOwnThisTarget === true,
      hub: flags.hub,
      onProgress: progress.show,
      ...(flags.rate !== undefined && { rate: flags.rate }),
      ...(flags.concurrency !== undefined && { concurrency: flags.concurrency }),
      ...(target.management && { findingOf: findingsOf(new ManagementClient(target.management)) }),
    });
  } catch (error) {
    if (!(error instanceof TargetRefusedError)) throw error;
    throw new CliError("unsafe", reasonOf(error), {
      next: "the same command with --i-own-this-target, if it is yours",
      cause: error,
    });
  } finally {
    progress.end();
  }
}

/** Asks a service why it refused a device: the code of the first finding. */
export function findingsOf(
  service: ManagementClient,
): (about: { trackingId?: string; registrationId: string }) => Promise<string | undefined> {
  return async ({ trackingId, registrationId }) =>
    (await service.attempt(trackingId ?? registrationId))?.findings[0]?.code;
}

function judge(report: FleetReport, { host, location }: RunFlags): void {
  const { devices, unexpected } = report.counts;
  if (report.interrupted) throw new CliError("stopped", "stopped: the report is partial");
  if (unexpected === 0) return;
  const first = report.devices.find((device) => device.unexpected !== undefined);
  const where = location === undefined ? "" : ` --location ${quote(location)}`;
  throw new CliError("threshold", `${unexpected} of ${devices} devices did not end as expected`, {
    next: first && host === undefined ? `rollcall explain ${quote(first.registrationId)}${where}` : undefined,
  });
}

/** `fleet enrollments`: prints a seed file for `start --seed`. */
export async function enrollments(
  file: string,
  options: { output: "json" | "yaml" },
  { terminal, interrupts }: Context,
): Promise<void> {
  const seed = fleetEnrollments(await openFleet(file, interrupts.hold()));
  if (options.output === "json") return terminal.out(toJson(seed));
  terminal.out(await toYaml(seed));
}

/** Reads a fleet file. Throws CliError with a line for each fault in it. */
export async function openFleet(file: string, signal: AbortSignal, certificates?: string): Promise<Fleet> {
  try {
    return await loadFleet(file, { signal, ...(certificates !== undefined && { certificates }) });
  } catch (error) {
    if (signal.aborted) throw new CliError("stopped", "stopped before the fleet began", { cause: error });
    const code = systemCode(error) ?? systemCode(error instanceof Error ? error.cause : undefined);
    if (!(error instanceof FleetFileError) && code === undefined) throw error;
    const reason = code === "ENOENT" ? `${file}: there is no such file` : reasonOf(error);
    throw new CliError("configuration", reason, { cause: error });
  }
}
