import { workerData } from "node:worker_threads";
import { exchange } from "./tss-devices.mjs";

// Sends commands for a blocked thread: posts the answer to the port first, then wakes the thread.
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
