import { expect, it } from "vitest";
import { certificate, type OpenStore } from "./contract-records.js";

/** Tests of uploaded CA certificates. */
export function certificateContract(open: OpenStore): void {
  it("are found unchanged by name, without case", async () => {
    const store = await open();
    const root = certificate("Root-1", { verificationCode: "ABCD", der: "MIIB" });
    expect(await store.caCertificate("root-1")).toBeUndefined();
    expect(await store.putCaCertificate(root)).toBe(true);
    expect(await store.caCertificate("ROOT-1")).toEqual(root);
    expect(await store.caCertificate("root")).toBeUndefined();
  });

  it("are listed by name", async () => {
    const store = await open();
    expect(await store.caCertificates()).toEqual([]);
    for (const name of ["b", "C", "a-1"]) await store.putCaCertificate(certificate(name));
    expect(await store.caCertificates()).toEqual([certificate("a-1"), certificate("b"), certificate("C")]);
  });

  it("are put unconditionally, only if absent, or only over one version", async () => {
    const store = await open();
    const verified = certificate("A", { etag: "c2", isVerified: true });
    expect(await store.putCaCertificate(certificate("a"), { etag: "c1" })).toBe(false);
    expect(await store.caCertificate("a")).toBeUndefined();
    expect(await store.putCaCertificate(certificate("a"), "absent")).toBe(true);
    expect(await store.putCaCertificate(verified, "absent")).toBe(false);
    expect(await store.putCaCertificate(verified, { etag: "other" })).toBe(false);
    expect(await store.caCertificate("a")).toEqual(certificate("a"));
    expect(await store.putCaCertificate(verified, { etag: "c1" })).toBe(true);
    expect(await store.caCertificate("a")).toEqual(verified);
    expect(await store.putCaCertificate(certificate("a", { etag: "c3" }))).toBe(true);
    expect(await store.caCertificates()).toEqual([certificate("a", { etag: "c3" })]);
  });

  it("do not exceed the limit, also with many simultaneous puts", async () => {
    const store = await open();
    const puts = Array.from({ length: 8 }, (_, n) => store.putCaCertificate(certificate(`r${n}`), "absent", 3));
    expect((await Promise.all(puts)).filter(Boolean)).toHaveLength(3);
    const all = await store.caCertificates();
    expect(all).toHaveLength(3);
    const known = certificate(all[0]?.name ?? "", { etag: "c2" });
    expect(await store.putCaCertificate(known, { etag: "c1" }, 3)).toBe(true);
    expect(await store.putCaCertificate(certificate("more"))).toBe(true);
  });

  it("are removed, unless missing or changed", async () => {
    const store = await open();
    expect(await store.removeCaCertificate("a")).toBe("missing");
    expect(await store.removeCaCertificate("a", "c1")).toBe("missing");
    await store.putCaCertificate(certificate("a"));
    expect(await store.removeCaCertificate("A", "c0")).toBe("changed");
    expect(await store.caCertificate("a")).toBeDefined();
    expect(await store.removeCaCertificate("A", "c1")).toBe("removed");
    expect(await store.caCertificate("a")).toBeUndefined();
    await store.putCaCertificate(certificate("a"), "absent");
    expect(await store.removeCaCertificate("a")).toBe("removed");
  });
}
