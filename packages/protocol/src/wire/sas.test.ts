import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { deriveDeviceKey, formatSas, isSignedBy, parseSas, signSas } from "./sas.js";

/** Vectors of wire.md#sas-vectors: group key 00…3f, id pump-0042, se 1800000000. */
const groupKey = Buffer.from(Array.from({ length: 64 }, (_, n) => n));
const deviceKey = "6tf3yURkeI/LX0a+MAY+Wtho5Ut8t4VVan/pcnOQLx8=";
const vectors = [
  ["0ne00112233/registrations/pump-0042", "mU6QrYroWpoZbR3/WadTMCkVOiBiL4TRzBH0EWNHkGE="],
  ["0ne00112233%2Fregistrations%2Fpump-0042", "8gyjst0nlmVuqkjZ1RSOq2Q3OCHvuKzLfDWMRNuAqrA="],
  ["0ne00112233%2fregistrations%2fpump-0042", "6lkT6IACvZ1g94teiVGD6d4+IfqqTuU3jrrzGJgrCiI="],
] as const;

describe("known answers", () => {
  it("a derived key", () => expect(deriveDeviceKey(groupKey, "pump-0042").toString("base64")).toBe(deviceKey));

  it.each(vectors)("the signature over %s", (resource, signature) => {
    expect(signSas(Buffer.from(deviceKey, "base64"), resource, "1800000000").toString("base64")).toBe(signature);
  });

  it.each(vectors)("a token over %s is read and verified, its resource unchanged", (resource, signature) => {
    const parsed = parseSas(`SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=1800000000`);
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(parsed.token).toMatchObject({
      resource,
      resourceKey: "0ne00112233/registrations/pump-0042",
      expiry: 1_800_000_000,
    });
    expect(isSignedBy(parsed.token, Buffer.from(deviceKey, "base64"))).toBe(true);
    expect(isSignedBy(parsed.token, groupKey)).toBe(false);
  });
});

const sig = encodeURIComponent(Buffer.alloc(32, 7).toString("base64"));

describe("tokens as SDKs write them", () => {
  it.each([
    ["Python, no skn", `SharedAccessSignature sr=a%2Fb&sig=${sig}&se=1`, undefined],
    ["Java, empty skn", `SharedAccessSignature sr=a/b&sig=${sig}&se=1&skn=`, ""],
    ["Node, skn in between", `SharedAccessSignature sr=a/b&sig=${sig}&skn=registration&se=1`, "registration"],
  ])("%s", (_, text, keyName) => {
    const parsed = parseSas(text);
    expect(parsed.ok && parsed.token.keyName).toBe(keyName);
    expect(parsed.ok && parsed.token.resourceKey).toBe("a/b");
  });
});

describe("malformed tokens", () => {
  it.each([
    ["", "SharedAccessSignature"],
    [`sharedaccesssignature sr=a&sig=${sig}&se=1`, "SharedAccessSignature"],
    [`SharedAccessSignature sr=a&sig=${sig}`, "no se"],
    [`SharedAccessSignature sr=a&sr=b&sig=${sig}&se=1`, "twice"],
    [`SharedAccessSignature sr=%zz&sig=${sig}&se=1`, "percent-encoded"],
    [`SharedAccessSignature sr=a&sig=${sig}&se=1.5`, "seconds"],
    [`SharedAccessSignature sr=a&sig=${sig}&se=-1`, "seconds"],
    ["SharedAccessSignature sr=a&sig=AA%3D%3D&se=1", "32 bytes"],
    ["SharedAccessSignature x", "no ="],
    [`SharedAccessSignature ${"x".repeat(5000)}`, "characters"],
  ])("%s", (text, reason) => {
    const parsed = parseSas(text);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.reason).toContain(reason);
  });

  test.prop([fc.string(), fc.string()])("never throws", (a, b) => {
    parseSas(a);
    parseSas(`SharedAccessSignature ${a}`);
    parseSas(`SharedAccessSignature sr=${a}&sig=${b}&se=${a}`);
  });
});

test.prop([
  fc.uint8Array({ minLength: 1, maxLength: 64 }),
  fc.stringMatching(/^[a-z0-9-]{1,30}$/),
  fc.integer({ min: 1, max: 2 ** 40 }),
])("a signature verifies with its own key only", (key, id, expiry) => {
  const resource = `scope%2Fregistrations%2F${id}`;
  const parsed = parseSas(
    formatSas({ resource, expiry, signature: signSas(key, resource, String(expiry)), keyName: "registration" }),
  );
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(isSignedBy(parsed.token, key)).toBe(true);
  expect(isSignedBy(parsed.token, Buffer.concat([key, Buffer.from([1])]))).toBe(false);
});
