import { expect, it } from "vitest";
import { certificateCache, issueRoot, toPem } from "./index.js";

// This test is alone in its file, since modules that another test loads cannot be unloaded. reflect-metadata can be
// seen in Reflect.
it("@peculiar/x509, which takes 115 ms to load, is loaded only when the first certificate is issued", async () => {
  expect(typeof certificateCache).toBe("function");
  expect("getMetadata" in Reflect).toBe(false);
  const root = await issueRoot({ commonName: "Root" });
  expect("getMetadata" in Reflect).toBe(true);
  expect(root.certificatePem).toBe(toPem(root.certificate.der));
});
