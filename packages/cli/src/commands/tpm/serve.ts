import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { createTpm, type VirtualTpm } from "tpm-js-sim";
import { type ServeOptions, serveTpm, type TpmServer } from "tpm-js-sim/tcp";
import { CliError, reasonOf, systemCode } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { aborted } from "../../terminal/interrupts.js";
import { findState, openState, saveState, stateFile } from "./state.js";

interface ServeFlags {
  readonly state?: string;
  readonly port: number;
  readonly rmPort: number;
  readonly host: string;
}

/** Saves a changed state before the answer goes out, as a TPM does: a client with an answer can rely on the state. */
function keeper(folder: string): (tpm: VirtualTpm) => void {
  const file = stateFile(folder);
  const temporary = `${file}.${process.pid}.tmp`;
  let written = "";
  return (tpm) => {
    const text = `${JSON.stringify(tpm.snapshot())}\n`;
    if (text === written) return;
    const handle = openSync(temporary, "w", 0o600);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
    written = text;
  };
}

async function listen(options: ServeOptions): Promise<TpmServer> {
  try {
    return await serveTpm(options);
  } catch (error) {
    const taken = systemCode(error) === "EADDRINUSE";
    throw new CliError(taken ? "conflict" : "unexpected", reasonOf(error), {
      cause: error,
      next: taken ? "rollcall tpm serve --port 0 --rm-port 0   (0 switches a port off; or choose others)" : undefined,
    });
  }
}

function portsOf({ port, rmPort, host }: ServeFlags) {
  const simulator = port === 0 ? {} : { port, platformPort: port + 1 };
  return { host, ...simulator, ...(rmPort === 0 ? {} : { rmPort }) };
}

/** `tpm serve`: until it is interrupted. */
export async function serve(flags: ServeFlags, { terminal, interrupts }: Context): Promise<void> {
  if (flags.port === 0 && flags.rmPort === 0) throw new CliError("usage", "both ports are off: nothing to serve");
  const folder = flags.state;
  const found = folder === undefined ? undefined : await findState(folder);
  const tpm = found && folder ? openState(found, folder) : createTpm({ seed: randomBytes(32) });
  if (found === undefined && folder !== undefined) await saveState(folder, tpm.snapshot());
  const signal = interrupts.hold();
  const onError = (error: unknown): void =>
    terminal.note(`The TPM's state cannot be written, and the client got no answer: ${reasonOf(error)}`);
  const kept = folder !== undefined && { onChange: keeper(folder), onError };
  const server = await listen({ tpm, ...portsOf(flags), ...kept });
  const { port, platformPort, rmPort } = server.ports;
  if (port !== undefined) terminal.out(`simulator\t${flags.host}:${port} (platform ${platformPort})`);
  if (rmPort !== undefined) terminal.out(`resource-manager\t${flags.host}:${rmPort}`);
  if (folder === undefined) terminal.note("The TPM ends with this command; --state <dir> keeps it.");
  terminal.note("Ctrl-C stops it.");
  await aborted(signal);
  await server.close();
}
