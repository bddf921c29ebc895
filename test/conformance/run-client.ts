import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** An SDK's error, as the client script reports it. */
export interface ClientError {
  readonly step: string;
  readonly name: string;
  readonly message: string;
  /** The reply's body, if the SDK passes it on. */
  readonly result?: Record<string, unknown>;
  /** This and the rest: HTTPS only. */
  readonly responseBody?: string;
  readonly statusCode?: number;
  readonly retryAfter?: string;
}

/** The `registrationState` of wire.md#registration-state, as an SDK returns it. */
export interface RegisteredState {
  readonly registrationId: string;
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly status: string;
  readonly substatus: string;
  readonly payload?: unknown;
}

/** The result line of a client. */
export interface ClientResult {
  readonly registered?: RegisteredState;
  readonly registeredAgain?: RegisteredState;
  readonly visited?: {
    readonly read: Record<string, unknown>;
    readonly updated: Record<string, unknown>;
    /** All that came once the socket was lost, up to the change that was made when the device was back. */
    readonly updatedAgain?: readonly Record<string, unknown>[];
  };
  readonly error?: ClientError;
}

export interface RunClientOptions {
  /** Program and first arguments; the default is Node on `clients/node-device.mjs`. */
  readonly command?: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Passed as JSON in ROLLCALL_JOB. */
  readonly job: unknown;
  /** PEM file of the CA to trust. */
  readonly caPath: string;
  /** The test's part of a step that the client has reached. */
  readonly onStep?: (step: string) => Promise<void>;
  readonly timeoutMs?: number;
}

const nodeDevice = [process.execPath, fileURLToPath(new URL("clients/node-device.mjs", import.meta.url))] as const;

/** Runs one client in a process of its own and returns its result; kills it when it takes too long. */
export async function runClient(options: RunClientOptions): Promise<ClientResult> {
  const [program, ...args] = options.command ?? nodeDevice;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "/",
      NODE_EXTRA_CA_CERTS: options.caPath,
      ...options.env,
      ROLLCALL_JOB: JSON.stringify(options.job),
    },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 25_000);
  const steps: Promise<void>[] = [];
  let result: ClientResult | undefined;
  let stderr = "";
  let rest = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const said = JSON.parse(line) as { step?: string; result?: ClientResult };
      if (said.step !== undefined && options.onStep) steps.push(options.onStep(said.step));
      result = said.result ?? result;
    }
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...end) => resolve(end));
  }).finally(() => clearTimeout(timer));
  await Promise.all(steps);
  if (result && code === 0) return result;
  throw new Error(`${args[0]} ended with ${signal ?? code} and without a result:\n${stderr.slice(-4000)}`);
}
