import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { outcome, printed, runCli, startCli } from "../cli/run-cli.js";

/** A virtual TPM in a folder of its own, and the port on which it is served. */
export interface TpmPlace {
  readonly title: string;
  readonly state: string;
  readonly port: 2321 | 2323;
}

/** Both places where clients look for a TPM on this machine. */
export const tpmPlaces: readonly TpmPlace[] = [
  { title: "2321, the Microsoft simulator protocol", state: "simulator", port: 2321 },
  { title: "2323, where clients look when there is no TPM device", state: "resource-manager", port: 2323 },
];

export interface ServedTpm extends TpmPlace {
  readonly registrationId: string;
  readonly endorsementKey: string;
  readonly child: ChildProcess;
  /** The reason why it does not serve. */
  readonly refused: string | undefined;
}

/** Makes a TPM and runs `rollcall tpm serve` on it, in the working directory. */
export async function serveTpm(place: TpmPlace, cwd: string): Promise<ServedTpm> {
  const { state, port } = place;
  const created = await runCli(["tpm", "create", "--state", state, "--seed", state], { cwd });
  const values = Object.fromEntries(created.stdout.split("\n").map((line) => line.split("\t")));
  const flags = port === 2321 ? ["--port", "2321", "--rm-port", "0"] : ["--port", "0", "--rm-port", "2323"];
  const child = startCli(["tpm", "serve", "--state", state, ...flags], { cwd });
  const { stdout, reason } = await printed(child, "stdout", /\n/).then(
    (text) => ({ stdout: text, reason: undefined }),
    (error: Error) => ({ stdout: "", reason: error.message }),
  );
  const refused = stdout.includes("127.0.0.1:") ? undefined : `its port cannot be bound: ${reason}`;
  const { registrationId = "", endorsementKey = "" } = values;
  return { ...place, registrationId, endorsementKey, child, refused };
}

/** Ends the process that `serveTpm` started, and waits for its end. */
export async function endTpm({ child }: ServedTpm): Promise<void> {
  const ended = outcome(child);
  if (child.exitCode === null) child.kill("SIGTERM");
  if (child.exitCode === null) await ended;
}

/** The TPM's enrollment; the device id is the name of the state folder. */
export const enrollmentOf = ({ registrationId, endorsementKey, state }: ServedTpm) =>
  ({ registrationId, deviceId: `device-${state}`, attestation: { type: "tpm", tpm: { endorsementKey } } }) as const;

/** True on a machine with its own TPM, which clients would use instead. */
export const hasTpmOfItsOwn = (): boolean => ["/dev/tpm0", "/dev/tpmrm0"].some((path) => existsSync(path));
