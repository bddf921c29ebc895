import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { socketDevice, type TssDevice } from "./tss-devices.mjs";

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of a program; undefined when it is not on the PATH. */
export function programOnPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Path of Debian's swtpm; undefined when it is not installed. */
export const swtpmProgram = programOnPath("swtpm");

/** A running swtpm with a state of its own. */
export interface Swtpm {
  /** the raw TPM socket: bare commands, one client at a time */
  readonly socket: string;
  /** Sends a command and blocks until the answer, as `TpmClient` requires. */
  send(command: Uint8Array): Buffer;
  /** A device for `tss.Tpm`. */
  device(): TssDevice;
  /** Ends the process and removes its state. */
  stop(): Promise<void>;
}

/** A state file to start from. */
export interface SwtpmState {
  readonly fileName: string;
  readonly content: Uint8Array;
}

interface Waiting {
  readonly send: (command: Uint8Array) => Buffer;
  readonly end: () => Promise<void>;
}

type Message = { readonly response: Uint8Array } | { readonly error: string };

/** Node's sockets are asynchronous, so this thread blocks while a worker talks to the socket. */
function waitingSend(path: string): Waiting {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { path, port: port2, signal };
  const worker = new Worker(new URL("./socket-worker.mjs", import.meta.url), { workerData, transferList: [port2] });
  const send = (command: Uint8Array): Buffer => {
    Atomics.store(signal, 0, 0);
    port1.postMessage(command);
    // In a loop, since a late notification of the previous answer may wake it.
    while (Atomics.load(signal, 0) === 0) {
      if (Atomics.wait(signal, 0, 0, 20_000) === "timed-out") throw new Error("swtpm does not answer");
    }
    const { message } = receiveMessageOnPort(port1) as { message: Message }; // posted before the signal
    if ("error" in message) throw new Error(message.error);
    return Buffer.from(message.response);
  };
  const end = async (): Promise<void> => {
    port1.close();
    await worker.terminate();
  };
  return { send, end };
}

async function appearance(file: string, process: ChildProcess, output: () => string): Promise<void> {
  for (let attempt = 0; attempt < 1000 && !existsSync(file); attempt += 1) {
    if (process.exitCode !== null) throw new Error(`swtpm ended with ${process.exitCode}: ${output()}`);
    await setTimeout(10);
  }
}

/**
 * Starts swtpm on a socket in a temporary folder, with its Startup done.
 * @throws Error when it is not installed or does not start
 */
export async function startSwtpm(state?: SwtpmState): Promise<Swtpm> {
  if (swtpmProgram === undefined) throw new Error("swtpm is not installed");
  const folder = mkdtempSync(join(tmpdir(), "rollcall-swtpm-"));
  if (state !== undefined) writeFileSync(join(folder, state.fileName), state.content);
  const socket = join(folder, "socket");
  const server = ["--server", `type=unixio,path=${socket}`, "--ctrl", `type=unixio,path=${join(folder, "control")}`];
  const flags = ["--tpmstate", `dir=${folder}`, "--flags", "not-need-init,startup-clear"];
  const child = spawn(swtpmProgram, ["socket", "--tpm2", ...server, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await appearance(socket, child, () => output);
  const waiting = waitingSend(socket);
  return {
    socket,
    send: waiting.send,
    device: () => socketDevice(socket),
    stop: async () => {
      await waiting.end();
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
