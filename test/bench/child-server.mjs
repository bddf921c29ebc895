import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OUT = fileURLToPath(new URL("out", import.meta.url));
const hasTaskset = spawnSync("taskset", ["--version"]).status === 0;

/** Keeps this process off the first processor, which the servers use. */
export function leaveServerProcessor(processors) {
  if (!hasTaskset || processors < 2) return false;
  return spawnSync("taskset", ["-acp", `1-${processors - 1}`, String(process.pid)]).status === 0;
}

/**
 * A server in a process of its own, pinned to the first processor if possible. The script answers over IPC:
 * `{ port, … }` once it listens, and `{ cpu }` in microseconds of user and system time whenever it is asked.
 */
export class ChildServer {
  #child;
  #waiting = [];
  #gone;

  /** Starts a script of this folder; `options` are its first message. */
  static async start(script, options, { profile = false } = {}) {
    const server = new ChildServer();
    server.ready = await server.#start(script, options, profile);
    return server;
  }

  async #start(script, options, profile) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    if (profile) mkdirSync(OUT, { recursive: true });
    const node = [process.execPath, ...(profile ? ["--cpu-prof", `--cpu-prof-dir=${OUT}`] : []), path];
    const [program, ...args] = hasTaskset ? ["taskset", "-c", "0", ...node] : node;
    this.#child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (message) => this.#waiting.shift()?.resolve(message));
    this.#gone = new Promise((resolve) => {
      this.#child.once("exit", (code) => {
        for (const { reject } of this.#waiting) reject(new Error(`${script} ended with code ${code}`));
        resolve();
      });
    });
    return this.#ask(options);
  }

  /** Microseconds of processor time so far, all threads. */
  async cpu() {
    return (await this.#ask({ ask: "cpu" })).cpu;
  }

  async stop() {
    this.#child.send({ ask: "stop" });
    const timer = setTimeout(() => this.#child.kill(), 10_000);
    await this.#gone;
    clearTimeout(timer);
  }

  #ask(message) {
    const answer = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#child.send(message);
    return answer;
  }
}

/** The other half of ChildServer: runs `start` with the first message and answers the rest. */
export function serve(start) {
  let server;
  const answer = async (message) => {
    if (message.ask === undefined) {
      server = await start(message);
      process.send(server.ready);
    } else if (message.ask === "cpu") {
      const { user, system } = process.cpuUsage();
      process.send({ cpu: user + system });
    } else {
      await server?.stop();
      process.disconnect();
    }
  };
  const fail = (error) => {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  };
  process.on("message", (message) => void answer(message).catch(fail));
}
