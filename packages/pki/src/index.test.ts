import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";

// In a thread of its own: what another test has loaded cannot be unloaded. reflect-metadata leaves a trace that can be seen.
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const isLoaded = () => "getMetadata" in Reflect;
(async () => {
  const { certificateCache, issueRoot, toPem } = await import(workerData);
  const before = isLoaded();
  const root = await issueRoot({ commonName: "Root" });
  const pemIsOfDer = root.certificatePem === toPem(root.certificate.der);
  parentPort.postMessage({ certificateCache: typeof certificateCache, before, after: isLoaded(), pemIsOfDer });
})();
`;

it("@peculiar/x509, which costs 115 ms to load, is loaded by the first issuing only", async () => {
  const thread = new Worker(program, { eval: true, workerData: new URL("../dist/index.js", import.meta.url).href });
  const [told] = await once(thread, "message");
  expect(told).toEqual({ certificateCache: "function", before: false, after: true, pemIsOfDer: true });
});
