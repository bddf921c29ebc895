import { parentPort } from "node:worker_threads";
import { deriveRsaKey } from "./rsa-derivation.js";

// The program of a worker of `rsa-workers.ts`: a seed comes in, the hint of its key goes out.

parentPort?.on("message", (seed: Uint8Array) => {
  parentPort?.postMessage(deriveRsaKey(seed).hint);
});
