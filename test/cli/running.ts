import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, runCli, temporaryFolder } from "./run-cli.js";

export interface RunningCli extends AsyncDisposable {
  /** The working directory; the service's location is in it. */
  readonly path: string;
  readonly info: {
    readonly idScope: string;
    readonly host: string;
    readonly ports: { readonly mqtt: number; readonly https: number; readonly dashboard: number };
    readonly caPath: string;
  };
}

/** A service that `rollcall start --detach` started, with a seed; stopped and removed at the end. */
export async function startDetached(seed: unknown): Promise<RunningCli> {
  const folder = await temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "seed.json"), typeof seed === "string" ? seed : JSON.stringify(seed));
  const flags = ["--detach", "--seed", "seed.json", "--retry-after", "0s", "--log-level", "warn"];
  const started = await runCli(["start", ...flags, ...freePorts], { cwd });
  if (started.code !== 0) throw new Error(`start failed: ${started.stderr}`);
  const info = JSON.parse((await runCli(["info", "-o", "json"], { cwd })).stdout);
  return {
    path: cwd,
    info,
    async [Symbol.asyncDispose]() {
      await runCli(["stop"], { cwd });
      await folder[Symbol.asyncDispose]();
    },
  };
}

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");
export const keys = { pump: key(1), disabled: key(3), yard: key(5), hall: key(7) } as const;

/** An enrollment of each kind that the commands treat differently. */
export const seed = {
  enrollments: [
    {
      registrationId: "pump-7",
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: keys.pump, secondaryKey: key(2) } },
      initialTwin: { properties: { desired: { interval: 10 } } },
    },
    {
      registrationId: "pump-off",
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: keys.disabled, secondaryKey: key(4) } },
      provisioningStatus: "disabled",
    },
  ],
  enrollmentGroups: [
    {
      enrollmentGroupId: "yard",
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: keys.yard, secondaryKey: key(6) } },
    },
    {
      enrollmentGroupId: "hall",
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: keys.hall, secondaryKey: key(8) } },
    },
  ],
} as const;
