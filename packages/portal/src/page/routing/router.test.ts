import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { enrollmentTabs, hrefOf, type Place, placeOf } from "./router.js";

const kind = fc.constantFrom("group" as const, "individual" as const);
// Real ids consist of letters, digits and - . _ : only; the router does not depend on that.
const id = fc.oneof(fc.stringMatching(/^[\w.:-]{1,40}$/), fc.string({ minLength: 1, unit: "grapheme" }));
const place: fc.Arbitrary<Place> = fc.oneof(
  fc.constantFrom<Place>({ page: "overview" }, { page: "certificates" }, { page: "attempts" }),
  fc.record({ page: fc.constant("list" as const), kind }),
  fc.record({ page: fc.constant("add" as const), kind }),
  fc.record({ page: fc.constant("enrollment" as const), kind, id, tab: fc.constantFrom(...enrollmentTabs) }),
);

describe("places", () => {
  it.prop([place])("are found again by their address", (one) => {
    expect(placeOf(hrefOf(one))).toEqual(one);
  });

  it.prop([fc.string()])("are found for every address, known or not", (text) => {
    expect(placeOf(`#${text}`).page).toBeTypeOf("string");
  });

  it.each([
    "#/nothing",
    "#/enrollments/others",
    "#/enrollments/groups/a/b",
    "#/enrollments/groups/a/settings/x",
    "#/add",
    "#/attempts/x",
  ])("%s is not a place", (address) => {
    expect(placeOf(address)).toEqual({ page: "unknown" });
  });

  it("the enrollments page begins with groups", () => {
    expect(placeOf("#/enrollments")).toEqual({ page: "list", kind: "group" });
    expect(placeOf("")).toEqual({ page: "overview" });
  });
});
