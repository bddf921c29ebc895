import { fc, it } from "@fast-check/vitest";
import { DpsError } from "@rollcall/protocol";
import { expect } from "vitest";
import { twinPatchOf } from "./twin-patch-body.js";

it.prop([fc.oneof(fc.jsonValue(), fc.record({ properties: fc.jsonValue(), tags: fc.jsonValue() }))])(
  "a body is a patch of objects, or refused",
  (body) => {
    try {
      const patch = twinPatchOf(body);
      expect(Object.keys(patch).length).toBeGreaterThan(0);
      for (const part of Object.values(patch)) expect(Object.prototype.toString.call(part)).toBe("[object Object]");
    } catch (error) {
      expect(error).toBeInstanceOf(DpsError);
    }
  },
);
