import { describe, expect, it } from "vitest";
import { certificateCache } from "./certificate-cache.js";
import { CertificateError } from "./encoding/certificate-error.js";
import { issueLeaf, issueRoot } from "./issue.js";

const cas = await Promise.all(["A", "B", "C"].map((commonName) => issueRoot({ commonName })));
const [a, b, c] = cas.map(({ certificate }) => certificate.der);
const leaf = await issueLeaf({ commonName: "pump" });

describe("certificateCache", () => {
  it("gives the same object for the same CA bytes", () => {
    const cache = certificateCache(10);
    const der = a ?? Buffer.alloc(0);
    expect(cache.read(Buffer.from(der))).toBe(cache.read(new Uint8Array(der)));
    expect(cache.size).toBe(1);
  });

  it("does not keep leaves", () => {
    const cache = certificateCache(10);
    expect(cache.read(leaf.certificate.der)).not.toBe(cache.read(leaf.certificate.der));
    expect(cache.size).toBe(0);
  });

  it("keeps at most `max` certificates, and drops the least recently used first", () => {
    const cache = certificateCache(2);
    const [first, second] = [a, b].map((der) => cache.read(der ?? Buffer.alloc(0)));
    cache.read(a ?? Buffer.alloc(0));
    cache.read(c ?? Buffer.alloc(0));
    expect(cache.size).toBe(2);
    expect(cache.read(a ?? Buffer.alloc(0))).toBe(first);
    expect(cache.read(b ?? Buffer.alloc(0))).not.toBe(second);
  });

  it("keeps nothing when the bytes are not a certificate", () => {
    const cache = certificateCache(2);
    expect(() => cache.read(Buffer.from("junk"))).toThrow(CertificateError);
    expect(cache.size).toBe(0);
  });
});
