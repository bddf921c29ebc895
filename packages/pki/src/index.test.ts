import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";

// The check runs in a thread of its own, since modules that another test loads cannot be unloaded. reflect-metadata can
// be seen in Reflect.
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

it("@peculiar/x509, which takes 115 ms to load, is loaded only when the first certificate is issued", async () => {
  const thread = new Worker(program, { eval: true, workerData: new URL("../dist/index.js", import.meta.url).href });
  const [told] = await once(thread, "message");
  expect(told).toEqual({ certificateCache: "function", before: false, after: true, pemIsOfDer: true });
});
