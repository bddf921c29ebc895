import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Rollcall, type RollcallOptions, startRollcall } from "@rollcall/service";
import { temporaryFolder } from "./run-cli.js";

export interface RunningService extends AsyncDisposable {
  /** The working directory; the service's location is in it. */
  readonly path: string;
  readonly rollcall: Rollcall;
}

/** A service with a seed, which commands that run in `path` find; it tells devices not to wait. */
export async function startFor(seed: unknown, options: RollcallOptions = {}): Promise<RunningService> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "seed.json");
  writeFileSync(path, typeof seed === "string" ? seed : JSON.stringify(seed));
  const location = join(folder.path, ".rollcall");
  const rollcall = await startRollcall({ location, seed: path, registration: { retryAfter: 0 }, ...options });
  return {
    path: folder.path,
    rollcall,
    async [Symbol.asyncDispose]() {
      await rollcall.stop();
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
