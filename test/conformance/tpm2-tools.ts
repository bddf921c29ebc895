import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTpm, type VirtualTpm } from "tpm-js-sim";
import { serveTpm } from "tpm-js-sim/tcp";
import { programOnPath, type Swtpm, startSwtpm } from "./swtpm.js";

/** Path of Debian's tpm2-tools; undefined when they are not installed. */
export const tpm2Tools = programOnPath("tpm2_getcap");

/** Path of Debian's IBM TSS utilities; undefined when they are not installed. */
export const ibmTss = programOnPath("tsscreateprimary");

/** Path of Debian's OpenSSL provider for TPM keys; undefined when it is not installed. */
export const tpm2Openssl = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
  .map((folder) => join(folder, "ossl-modules", "tpm2.so"))
  .find((file) => existsSync(file));

/** A TPM that tools reach over the Microsoft simulator protocol, and a folder for their files. */
export interface ToolBench {
  readonly folder: string;
  /** Runs a shell line. */
  run(line: string): Promise<ToolRun>;
  stop(): Promise<void>;
}

export interface ToolRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Serves on two consecutive ports, since clients find the platform port by adding one. */
async function serveOnPair(tpm: VirtualTpm) {
  for (let attempt = 0; ; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      return { port, server: await serveTpm({ tpm, port, platformPort: port + 1 }) };
    } catch (error) {
      if (attempt === 50) throw error;
    }
  }
}

/** Environment of IBM's utilities: the TPM's port, and the folder for their files about handles and sessions. */
function ibmTssAt(port: number, folder: string) {
  return {
    TPM_INTERFACE_TYPE: "socsim",
    TPM_SERVER_TYPE: "mssim",
    TPM_SERVER_NAME: "127.0.0.1",
    TPM_COMMAND_PORT: String(port),
    TPM_PLATFORM_PORT: String(port + 1),
    TPM_DATA_DIR: folder,
    // Otherwise each utility would encrypt its session's file with its own key.
    TPM_ENCRYPT_SESSIONS: "0",
  };
}

interface BenchOptions {
  readonly tpm: VirtualTpm;
  /** called after each tool */
  readonly afterwards?: () => void;
  readonly end?: () => Promise<void>;
}

async function benchOf({ tpm, afterwards = () => undefined, end }: BenchOptions): Promise<ToolBench> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-tools-"));
  const { port, server } = await serveOnPair(tpm);
  const tcti = `mssim:host=127.0.0.1,port=${port}`;
  const env = { ...process.env, TPM2TOOLS_TCTI: tcti, TPM2OPENSSL_TCTI: tcti, ...ibmTssAt(port, folder), LC_ALL: "C" };
  const run = (line: string): Promise<ToolRun> =>
    new Promise((resolve) => {
      execFile("sh", ["-c", line], { cwd: folder, env, timeout: 100_000 }, (error, stdout, stderr) => {
        afterwards();
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  const stop = async (): Promise<void> => {
    await server.close();
    await end?.();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, run, stop };
}

/** Our TPM. */
export function ourBench(seed: string): Promise<ToolBench> {
  return benchOf({ tpm: createTpm({ seed }) });
}

/**
 * swtpm behind our socket: it does not speak this protocol itself. It has three slots, and the tools leave objects and
 * sessions behind.
 * @param options `keepsObjects` for tools that use the objects of the previous tool
 */
export async function swtpmBench({ keepsObjects = false } = {}): Promise<ToolBench> {
  const swtpm: Swtpm = await startSwtpm();
  const never = (): never => {
    throw new Error("swtpm keeps its own state");
  };
  const afterwards = (): void => {
    if (keepsObjects) return;
    for (const slot of [0, 1, 2]) swtpm.send(Buffer.from(`80010000000e00000165800000${`0${slot}`}`, "hex"));
    // A tool that fails leaves its session loaded; sessions that are needed again are saved.
    const loaded = swtpm.send(Buffer.from("8001000000160000017a00000001020000000000000a", "hex")).subarray(19);
    for (let at = 0; at + 4 <= loaded.length; at += 4) {
      swtpm.send(Buffer.concat([Buffer.from("80010000000e00000165", "hex"), loaded.subarray(at, at + 4)]));
    }
  };
  // While it writes its state it asks to be asked again (TPM_RC_RETRY), which not every tool does.
  const send = (command: Uint8Array): Buffer => {
    let response = swtpm.send(command);
    for (let attempt = 0; attempt < 10 && response.readUInt32BE(6) === 0x922; attempt += 1) {
      response = swtpm.send(command);
    }
    return response;
  };
  const sendAsync = async (command: Uint8Array) => send(command);
  const tpm = { send, sendAsync, snapshot: never, powerOn: () => undefined, powerOff: () => undefined };
  return await benchOf({ tpm, afterwards, end: swtpm.stop });
}

/** Values that depend on keys or on chance; only their length is compared. */
const keyed = /^(\s*(?:rsa|x|y|name|qualified name|keyedhash|symcipher|sig|quoted|time|clock|calcDigest): ).*$/gim;
/** Times grow, and the DER of an ECDSA signature is one byte or two shorter now and then. */
const ofAnyLength = /clock|time|sig:/;
const counters = /^(\s*(?:reset_count|restart_count): ).*$/gim;

/** The output of a tool, without the values that must differ between two TPMs. */
export function comparable(run: ToolRun, formOnly: boolean): unknown {
  const stdout = run.stdout
    .replace(keyed, (line, label: string) => `${label}${ofAnyLength.test(label) ? "" : line.length - label.length}`)
    .replace(counters, "$1");
  const shown = formOnly ? stdout.replace(/[0-9a-f]{16,}/gi, (text) => `<${text.length}>`) : stdout;
  // Of many error lines, keeps the one that says which command failed with which code.
  const refusals = [...run.stderr.matchAll(/^ERROR: (Esys_\w+\(0x[0-9A-F]+\))/gm)].map(([, text]) => text);
  return { code: run.code, stdout: shown, refusals };
}
