import { parentPort } from "node:worker_threads";
import { deriveRsaKey } from "./rsa-derivation.js";

// The program of a thread of `rsa-workers.ts`: it receives a seed and sends back the hint of its key.

parentPort?.on("message", (seed: Uint8Array) => {
  parentPort?.postMessage(deriveRsaKey(seed).hint);
});
