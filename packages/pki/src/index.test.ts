import { expect, it } from "vitest";
import { certificateCache, issueRoot, toPem } from "./index.js";

// Alone in its file: what another test loads cannot be unloaded. reflect-metadata leaves a trace that can be seen.
it("@peculiar/x509, which costs 115 ms to load, is loaded by the first issuing only", async () => {
  expect(typeof certificateCache).toBe("function");
  expect("getMetadata" in Reflect).toBe(false);
  const root = await issueRoot({ commonName: "Root" });
  expect("getMetadata" in Reflect).toBe(true);
  expect(root.certificatePem).toBe(toPem(root.certificate.der));
});
