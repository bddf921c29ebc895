import { workerData } from "node:worker_threads";
import { exchange } from "./tss-devices.mjs";

// Carries commands for a thread that waits: the answer goes to the port first, then the waiting thread is woken.
const { path, port, signal } = workerData;

async function answer(command) {
  try {
    port.postMessage({ response: await exchange(path, Buffer.from(command)) });
  } catch (error) {
    port.postMessage({ error: String(error) });
  }
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
}

port.on("message", (command) => void answer(command));
