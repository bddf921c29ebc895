import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ClientResult, type RunClientOptions, runClient } from "./run-client.js";

/**
 * Packages that pip installs, each into a folder of its own, since the SDKs need different versions of dependencies.
 */
const packages = {
  /** The last release; it needs paho-mqtt 1.6, which pip would not choose by itself. */
  device: { requirements: ["azure-iot-device==2.14.0", "paho-mqtt==1.6.1"], folder: "python-sdk-2.14.0" },
  device212: { requirements: ["azure-iot-device==2.12.0", "paho-mqtt==1.6.1"], folder: "python-sdk-2.12.0" },
  /** The last release, of 2018; api-version 2018-09-01-preview. */
  service: { requirements: ["azure-iothub-provisioningserviceclient==1.2.0"], folder: "python-service-sdk-1.2.0" },
  /** Its successor, of 2023; api-version 2021-10-01. Never more than a beta. */
  service2021: {
    requirements: ["azure-iot-deviceprovisioning==1.0.0b1"],
    folder: "python-service-sdk-1.0.0b1",
  },
} as const;
const INSTALL_MS = 90_000;

/** A Python SDK in a folder of its own, or the reason why it is missing. */
export type PythonSdk = { readonly folder: string } | { readonly missing: string };

function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: INSTALL_MS, killSignal: "SIGKILL" }, (error, _stdout, stderr) => {
      resolve(error ? stderr.trim().split("\n").at(-1) || error.message : undefined);
    });
  });
}

/** Installs an SDK from PyPI into node_modules/.cache, once; nothing outside that folder changes. */
export async function installPythonSdk(which: keyof typeof packages = "device"): Promise<PythonSdk> {
  const { requirements, folder } = packages[which];
  const cache = fileURLToPath(new URL(`../../node_modules/.cache/rollcall/${folder}`, import.meta.url));
  if (process.platform === "win32") return { missing: "Python SDK: not tested on Windows" };
  if ((await run("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"])) !== undefined) {
    return { missing: "Python SDK: python3 (3.8 or newer) is not installed" };
  }
  if (existsSync(cache)) return { folder: cache };
  const unfinished = `${cache}.${process.pid}`;
  mkdirSync(dirname(cache), { recursive: true });
  const flags = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "15"];
  // Wheels only, so that no downloaded code runs at install time; paho-mqtt 1.6 exists as source only.
  const args = [
    "-m",
    "pip",
    "install",
    ...flags,
    "--only-binary",
    ":all:",
    "--no-binary",
    "paho-mqtt",
    "--target",
    unfinished,
    ...requirements,
  ];
  const problem = await run("python3", args);
  if (problem === undefined && !existsSync(cache)) renameSync(unfinished, cache);
  rmSync(unfinished, { recursive: true, force: true });
  return problem === undefined ? { folder: cache } : { missing: `Python SDK: pip could not install it (${problem})` };
}

const clients = {
  device: "clients/python_device.py",
  device212: "clients/python_device.py",
  service: "clients/python_service.py",
  service2021: "clients/python_service_2021.py",
} as const satisfies Record<keyof typeof packages, string>;

/** Runs the client of an SDK to its end. */
export function runPythonClient(
  which: keyof typeof clients,
  sdk: PythonSdk,
  options: Pick<RunClientOptions, "caPath" | "job" | "onStep" | "timeoutMs">,
): Promise<ClientResult> {
  return runClient({
    command: ["python3", join(import.meta.dirname, clients[which])],
    env: { PYTHONPATH: "folder" in sdk ? sdk.folder : "", PYTHONDONTWRITEBYTECODE: "1" },
    ...options,
  });
}
