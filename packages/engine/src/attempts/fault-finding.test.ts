import { expect, it } from "vitest";
import { faultFinding } from "./fault-finding.js";

it("names a full disk and the next step, without the path", () => {
  const full = Object.assign(new Error("the disk is full (/home/me/rollcall.db)"), {
    name: "StoreError",
    problem: "the disk is full",
    next: "free some space, then try again",
  });
  expect(faultFinding(full, "t-1")).toMatchObject({
    code: "service.storeFailed",
    title: "Your device is fine: Rollcall cannot save anything now, the disk is full.",
    remedy: "To fix it: free some space, then try again.",
  });
});

it.each([new Error("boom"), "boom", undefined, Object.assign(new Error("boom"), { name: "StoreError", problem: 1 })])(
  "reports any other error as an internal error: %s",
  (error) => {
    expect(faultFinding(error, "t-1")).toMatchObject({
      code: "service.internal",
      remedy: expect.stringContaining("t-1"),
    });
  },
);
