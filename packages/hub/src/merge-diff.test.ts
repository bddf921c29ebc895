import type { JsonObject } from "@rollcall/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { mergeDiff } from "./merge-diff.js";
import { mergePatch } from "./merge-patch.js";

/** Few names and values, so that two objects have much in common. */
const { object } = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(0, 1, "", "a", true),
    fc.constantFrom([], [1], [{ a: null }]),
    tie("object"),
  ),
  object: fc
    .dictionary(fc.constantFrom("a", "b", "c", "__proto__"), tie("value"), { maxKeys: 4 })
    .map((each) => Object.fromEntries(Object.entries(each)) as JsonObject),
}));

it("turns the first object into the second, and leaves out equal members", () => {
  fc.assert(
    fc.property(object, object, (before, after) => {
      const patch = mergeDiff(before, after);
      expect(mergePatch(before, patch)).toEqual(after);
      expect(mergeDiff(after, after)).toEqual({});
      for (const [name, value] of Object.entries(patch))
        if (value === null) expect(Object.keys(after)).not.toContain(name);
    }),
  );
});

it("deletes, merges and replaces as in RFC 7386", () => {
  const before = { gone: 1, same: { x: [1] }, inner: { gone: 1, kept: 2 }, list: [1, 2], other: { a: 1 } };
  const after = { same: { x: [1] }, inner: { kept: 2, come: 3 }, list: [1], other: 5 };
  expect(mergeDiff(before, after)).toEqual({ gone: null, inner: { gone: null, come: 3 }, list: [1], other: 5 });
});
