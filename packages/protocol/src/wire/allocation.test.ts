import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { dpsErrors } from "../facts/errors.js";
import {
  customAllocationMessage,
  isWebhookUrl,
  maskedWebhookUrl,
  parseAllocationResponse,
  withoutWebhookSecrets,
} from "./allocation.js";

const parse = (value: unknown) => parseAllocationResponse(Buffer.from(JSON.stringify(value)));

describe("the answer of a webhook", () => {
  it.each([
    [{ iotHubHostName: "h.test" }, { iotHubHostName: "h.test" }],
    [{ iotHubHostname: "h.test", extra: 1 }, { iotHubHostName: "h.test" }],
    [{ IOTHUBHOSTNAME: "h.test", initialTwin: null, payload: null }, { iotHubHostName: "h.test" }],
    // Of two spellings, the documentation's spelling wins in any order.
    [{ iotHubHostName: "right.test", iothubhostname: "wrong.test" }, { iotHubHostName: "right.test" }],
    [{ iothubhostname: "wrong.test", iotHubHostName: "right.test" }, { iotHubHostName: "right.test" }],
    [
      { iotHubHostName: "h", InitialTwin: {}, Payload: {} },
      { iotHubHostName: "h", initialTwin: { tags: {}, desired: {} }, payload: {} },
    ],
    [
      { iotHubHostName: "h", initialTwin: { Tags: { A: 1 }, PROPERTIES: { Desired: { B: [null] } } } },
      { iotHubHostName: "h", initialTwin: { tags: { A: 1 }, desired: { B: [null] } } },
    ],
    [
      { iotHubHostName: "h", initialTwin: { properties: { desired: { $version: 1, $metadata: {}, a: 1 } } } },
      { iotHubHostName: "h", initialTwin: { tags: {}, desired: { a: 1 } } },
    ],
    [{ iotHubHostName: "" }, { iotHubHostName: "" }],
    [{ iotHubHostname: null }, { iotHubHostName: "" }],
  ])("%j is read", (value, response) => {
    expect(parse(value)).toEqual({ ok: true, response });
  });

  it.each([
    [null, /^the answer: /],
    ["h.test", /^the answer: /],
    [{}, /^iotHubHostName: /],
    [{ iotHubHostName: 7 }, /^iotHubHostName: /],
    [{ iotHubHostName: ["h"] }, /^iotHubHostName: /],
    [{ iotHubHostName: "h", payload: "text" }, /^payload: /],
    [{ iotHubHostName: "h", initialTwin: { tags: 1 } }, /^initialTwin\.tags: /],
    [{ iotHubHostName: "h", initialTwin: { properties: [] } }, /^initialTwin\.properties: /],
    [
      {
        iotHubHostName: "h",
        initialTwin: {
          properties: { desired: Object.fromEntries("abcdefghi".split("").map((name) => [name, "x".repeat(4000)])) },
        },
      },
      /has 36064 bytes; 32768 are allowed/,
    ],
    [{ iotHubHostName: "h", initialTwin: { tags: { "a.b": 1 } } }, /^initialTwin\.tags: .*"a\.b"/],
    [{ iotHubHostName: "h", initialTwin: { tags: { a: "x".repeat(5000) } } }, /more than 4096 bytes of text/],
  ])("%j is not", (value, reason) => {
    expect(parse(value)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  it("of another status than 2xx is told to the device in the service's words", () => {
    expect(customAllocationMessage(401)).toBe("Custom allocation failed with status code: 401");
    expect(dpsErrors.customAllocationUnauthorized).toMatchObject({
      code: 400209,
      message: customAllocationMessage(401),
    });
  });

  it("does not change any prototype", () => {
    const text = '{"iotHubHostName":"h","__proto__":{"polluted":1},"payload":{"__proto__":{"polluted":1}}}';
    const parsed = parseAllocationResponse(Buffer.from(text));
    expect(parsed).toMatchObject({ ok: true });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(JSON.stringify(parsed)).toBe('{"ok":true,"response":{"iotHubHostName":"h","payload":{}}}');
  });

  test.prop([fc.uint8Array({ maxLength: 300 })])("of random bytes never throws", (bytes) => {
    expect(parseAllocationResponse(bytes)).toHaveProperty("ok");
  });

  const nearlyRight = fc.record(
    {
      iotHubHostName: fc.oneof(fc.string(), fc.jsonValue()),
      initialTwin: fc.oneof(
        fc.jsonValue(),
        fc.record({
          tags: fc.jsonValue(),
          properties: fc.oneof(fc.jsonValue(), fc.record({ desired: fc.jsonValue() })),
        }),
      ),
      payload: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  test.prop([fc.oneof(fc.jsonValue(), nearlyRight)])(
    "of any JSON is read as objects and a text, or refused",
    (value) => {
      const parsed = parse(value);
      if (!parsed.ok) {
        expect(parsed.reason).not.toBe("");
        return;
      }
      const { iotHubHostName, initialTwin, payload } = parsed.response;
      expect(iotHubHostName).toSatisfy((each: unknown) => typeof each === "string");
      const isObject = (each: unknown) => typeof each === "object" && each !== null && !Array.isArray(each);
      for (const part of initialTwin ? [initialTwin.tags, initialTwin.desired] : []) expect(part).toSatisfy(isObject);
      if (payload !== undefined) expect(payload).toSatisfy(isObject);
    },
  );
});

describe("the address of a webhook", () => {
  it.each([
    ["https://f.test/api/allocate?code=abc", true],
    ["http://127.0.0.1:7071/", true],
    ["http://[::1]:7071/x", true],
    ["ftp://f.test/", false],
    ["file:///etc/passwd", false],
    ["https://user:password@f.test/", false],
    ["//f.test/x", false],
    ["f.test/x", false],
    ["", false],
  ])("%s: %s", (text, expected) => {
    expect(isWebhookUrl(text)).toBe(expected);
  });

  it.each([
    ["https://f.test/api/allocate?code=abc&x=1#part", "https://f.test/api/allocate?****"],
    ["http://127.0.0.1:7071/allocate", "http://127.0.0.1:7071/allocate"],
    ["https://user:password@f.test/", "https://f.test/"],
    ["no address ?code=abc", "****"],
  ])("%s is shown as %s", (text, masked) => {
    expect(maskedWebhookUrl(text)).toBe(masked);
  });

  test.prop([fc.string({ minLength: 4, maxLength: 40 }), fc.string(), fc.string()])(
    "its secrets are removed from a text, whether encoded or decoded",
    (secret, before, after) => {
      const url = `https://f.test/x?code=${encodeURIComponent(secret)}`;
      const shown = withoutWebhookSecrets(`${before}${secret}|${encodeURIComponent(secret)}${after}`, url);
      // A secret of stars looks like the mask itself.
      if (!/^\*+$/.test(secret)) expect(shown.split("****").some((part) => part.includes(secret))).toBe(false);
    },
  );
});
