import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { parseRegistration } from "./parse.js";

const read = (text: string) => parseRegistration(Buffer.from(text));

describe("register bodies as SDKs send them (wire.md#register)", () => {
  it.each([
    [".NET, nothing", "", {}],
    ["Node's poll, one space", " ", {}],
    ["Node", '{"registrationId":"a"}', { registrationId: "a" }],
    ["Python, always with payload", '{"payload": null, "registrationId": "a"}', { registrationId: "a", payload: null }],
    ["Java, payload as a string", '{"registrationId":"a","payload":"{}"}', { registrationId: "a", payload: "{}" }],
    [
      "C, escaped slashes",
      '{"registrationId":"a","payload":{"u":"x\\/y"}}',
      { registrationId: "a", payload: { u: "x/y" } },
    ],
    [
      "a TPM",
      '{"tpm":{"endorsementKey":"AA==","storageRootKey":"AQ=="}}',
      { tpm: { endorsementKey: "AA==", storageRootKey: "AQ==" } },
    ],
    ["an unknown member", '{"registrationId":"a","new":1}', { registrationId: "a" }],
  ])("%s", (_, text, body) => expect(read(text)).toEqual({ ok: true, body }));
});

describe("bodies that are refused", () => {
  it.each([
    ["{", "JSON"],
    ["[]", "expected object"],
    ["7", "expected object"],
    ['{"registrationId":7}', "registrationId"],
    ['{"tpm":{}}', "tpm.endorsementKey"],
    [`${"[".repeat(100)}${"]".repeat(100)}`, "deeper"],
  ])("%s", (text, reason) => {
    const parsed = read(text);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.reason).toContain(reason);
  });

  it("bytes that are not UTF-8", () => expect(parseRegistration(Buffer.from([0x7b, 0xff])).ok).toBe(false));
  it("a body that is too large", () =>
    expect(parseRegistration(Buffer.alloc(98_305, 32))).toMatchObject({ ok: false, tooLarge: true }));
  it("does not pollute prototypes", () => {
    read('{"__proto__":{"polluted":true},"payload":{"__proto__":{"polluted":true}}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test.prop([fc.uint8Array({ maxLength: 200 })])("any bytes: never throws", (bytes) => {
    expect(typeof parseRegistration(bytes).ok).toBe("boolean");
  });
  test.prop([fc.json()])("any JSON: never throws", (json) => {
    expect(typeof read(json).ok).toBe("boolean");
  });
});
