import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readChange, writeChange } from "./change-message.js";

const place = fc.record({ hub: fc.string({ maxLength: 253 }), deviceId: fc.string({ maxLength: 128 }) });
const change = fc.oneof(
  fc.tuple(fc.constantFrom("taken" as const, "desired" as const), place).map(([kind, at]) => ({ kind, ...at })),
  fc.constant({ kind: "missed" as const }),
);
const message = fc.record({ node: fc.uuid(), scope: fc.string({ maxLength: 40 }), change });

describe("a message between nodes", () => {
  it("is read as it was written, and fits into a NOTIFY", () => {
    fc.assert(
      fc.property(message, (each) => {
        const text = writeChange(each);
        expect(readChange(text)).toEqual(each);
        expect(Buffer.byteLength(text)).toBeLessThan(8000);
      }),
    );
  });

  it("is told apart from any other text on the channel", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ kind: value })),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(readChange(text)).toBeUndefined();
      }),
    );
  });

  it.each([
    { node: "n", scope: "s", kind: "invented later" },
    { node: "n", scope: "s", kind: "taken", hub: "h" },
    { node: "n", scope: "s", kind: "desired", hub: 1, deviceId: "d" },
  ])("that this version does not understand is read as `missed`: %o", (fields) => {
    expect(readChange(JSON.stringify(fields))).toEqual({ node: "n", scope: "s", change: { kind: "missed" } });
  });
});
