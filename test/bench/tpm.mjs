import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { createTpm, prepareTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { makeAuthenticationKey } from "tpm-js-sim/credential";

const sizes = { full: { rounds: 100, tpms: 10_000, swtpms: 20 }, quick: { rounds: 20, tpms: 1_000, swtpms: 5 } };

const program = "swtpm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const elapsed = (step) => {
  const start = performance.now();
  step();
  return performance.now() - start;
};

/** Sends a command and blocks until the answer arrives, since `TpmClient` is synchronous. */
function waitingSend(path) {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const url = new URL("../conformance/socket-worker.mjs", import.meta.url);
  const worker = new Worker(url, { workerData: { path, port: port2, signal }, transferList: [port2] });
  const send = (command) => {
    Atomics.store(signal, 0, 0);
    port1.postMessage(command);
    // In a loop, since a late notification of the previous answer may wake it.
    while (Atomics.load(signal, 0) === 0) Atomics.wait(signal, 0, 0, 20_000);
    return Buffer.from(receiveMessageOnPort(port1).message.response);
  };
  const end = async () => {
    port1.close();
    await worker.terminate();
  };
  return { send, end };
}

/** swtpm on a state folder of its own, its socket there. */
async function startSwtpm(folder) {
  const socket = join(folder, "socket");
  const server = ["--server", `type=unixio,path=${socket}`, "--ctrl", `type=unixio,path=${join(folder, "control")}`];
  const flags = ["--tpmstate", `dir=${folder}`, "--flags", "not-need-init,startup-clear"];
  const child = spawn(program, ["socket", "--tpm2", ...server, ...flags], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  while (!existsSync(socket)) await setTimeout(1);
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(socket, { force: true });
  };
  return { socket, pid: child.pid, stop };
}

/** Times of one TPM: activation and signature, each the median of the rounds. */
function timesOf(client, rounds) {
  const [endorsementKey, storageRootKey] = [client.endorsementKey(), client.storageRootKey()];
  const make = () =>
    makeAuthenticationKey({ endorsementKey, storageRootKey, key: randomBytes(32), random: randomBytes });
  const activate = [];
  const sign = [];
  for (let round = 0; round < rounds; round += 1) {
    const blob = make();
    activate.push(elapsed(() => client.activateIdentityKey(blob)));
    sign.push(elapsed(() => client.sign(Buffer.from("text"))));
  }
  return { activate: median(activate), sign: median(sign) };
}

/** swtpm's times (start on a known state to the first key read, activation, signature), and its memory per process. */
async function measureSwtpm({ rounds, swtpms }) {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-"));
  const boots = [];
  let times = { activate: Number.NaN, sign: Number.NaN };
  let memory = 0;
  try {
    // The first start makes the keys; later starts find them.
    for (let start = 0; start <= swtpms; start += 1) {
      const from = performance.now();
      const swtpm = await startSwtpm(folder);
      const { send, end } = waitingSend(swtpm.socket);
      const client = new TpmClient(send);
      client.endorsementKey();
      client.storageRootKey();
      if (start > 0) boots.push(performance.now() - from);
      if (start === swtpms) {
        times = timesOf(client, rounds);
        const rollup = readFileSync(`/proc/${swtpm.pid}/smaps_rollup`, "utf8");
        memory = Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
      }
      await end();
      await swtpm.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { boot: median(boots), ...times, memory };
}

/** The JavaScript heap, and the memory of the process: keys in use are mostly outside the heap. */
function memoryNow() {
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, memory: rss };
}

/** Memory of each of many TPMs: with known keys, and after it has activated an identity key and signed. */
function memoryOfMany(options, { tpms }) {
  const before = memoryNow();
  const perTpm = () => {
    const now = memoryNow();
    return { heap: (now.heap - before.heap) / tpms, memory: (now.memory - before.memory) / tpms };
  };
  const kept = Array.from({ length: tpms }, () => {
    const each = createTpm(options);
    const client = new TpmClient((command) => each.send(command));
    client.endorsementKey();
    client.storageRootKey();
    return client;
  });
  const booted = perTpm();
  const [endorsementKey, storageRootKey] = [kept[0].endorsementKey(), kept[0].storageRootKey()];
  // They are clones, so that one challenge works for all.
  const blob = makeAuthenticationKey({ endorsementKey, storageRootKey, key: randomBytes(32), random: randomBytes });
  for (const client of kept) {
    client.activateIdentityKey(blob);
    client.sign(Buffer.from("text"));
  }
  const used = perTpm();
  // Used after the measurement, so that the garbage collector keeps them until then.
  if (kept.some((client) => client.sign(Buffer.from("text")).length !== 32)) throw new Error("a TPM is gone");
  return { booted, used };
}

async function measureOurs({ rounds, tpms }) {
  const seed = "bench";
  const hints = await prepareTpm({ seed });
  const boots = Array.from({ length: rounds }, () =>
    elapsed(() => {
      const tpm = createTpm({ seed, hints });
      const client = new TpmClient((command) => tpm.send(command));
      client.endorsementKey();
      client.storageRootKey();
    }),
  );
  const tpm = createTpm({ seed, hints });
  const times = timesOf(new TpmClient((command) => tpm.send(command)), rounds);
  const { booted, used } = memoryOfMany({ seed, hints }, { tpms });
  return {
    boot: median(boots),
    ...times,
    heapBooted: booted.heap,
    heapUsed: used.heap,
    memoryBooted: booted.memory,
    memoryUsed: used.memory,
  };
}

const ms = (value) => `${value.toFixed(2)} ms`.padStart(10);
const kb = (value) => `${(value / 1024).toFixed(0)} kB`.padStart(10);

/** Boot of a known device, activation, signature and memory, each beside swtpm's in the same run. */
export async function measureTpm({ quick }) {
  const size = quick ? sizes.quick : sizes.full;
  const theirs = await measureSwtpm(size);
  const ours = await measureOurs(size);
  const line = (label, show, [mine, other], aim) =>
    `${label.padEnd(38)}${show(mine)}${show(other)}  ×${(mine / other).toFixed(3)}  (aim ${aim})`;
  const memory = (label, value) => line(label, kb, [value, theirs.memory], "≤ ×0.02");
  return [
    `${"".padEnd(38)}${"ours".padStart(10)}${"swtpm".padStart(10)}  ratio`,
    line("boot of a known device", ms, [ours.boot, theirs.boot], "≤ ×0.1, and under 1 ms"),
    line("activate", ms, [ours.activate, theirs.activate], "≤ ×2"),
    line("sign", ms, [ours.sign, theirs.sign], "none"),
    memory(`heap of one of ${size.tpms}, booted`, ours.heapBooted),
    memory("heap of one, activated and signing", ours.heapUsed),
    memory(`all memory of one of ${size.tpms}, booted`, ours.memoryBooted),
    memory("all memory of one, activated, signing", ours.memoryUsed),
    "swtpm's times include its socket and a thread that waits; its boot includes the start of the process, its memory is",
    "PSS of one process, less while others on the machine share its pages. Ours is the growth of the heap and of the whole process, divided by their number.",
  ].join("\n");
}
