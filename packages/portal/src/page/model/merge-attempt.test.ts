import type { AttemptOutcome, AttemptSummary } from "@rollcall/protocol";
import { expect, it } from "vitest";
import { mergeAttempt } from "./merge-attempt.js";

const attempt = (trackingId: string, startedAt: number, outcome: AttemptOutcome = "open"): AttemptSummary => ({
  ...{
    trackingId,
    startedAt,
    outcome,
    at: "service",
    registrationId: trackingId,
    transport: "mqtt",
    remote: "",
    findings: 0,
  },
});
const list = [attempt("c", 30), attempt("b", 20), attempt("a", 10)];
const all = { outcome: undefined, max: 9 };
const ids = (attempts: readonly AttemptSummary[]) => attempts.map(({ trackingId }) => trackingId).join("");

it("inserts a new attempt by its time, and drops the oldest", () => {
  expect(ids(mergeAttempt(list, attempt("d", 40), all))).toBe("dcba");
  expect(ids(mergeAttempt(list, attempt("x", 15), all))).toBe("cbxa");
  expect(ids(mergeAttempt(list, attempt("x", 5), all))).toBe("cbax");
  expect(ids(mergeAttempt([], attempt("x", 5), all))).toBe("x");
  expect(ids(mergeAttempt(list, attempt("d", 40), { ...all, max: 3 }))).toBe("dcb");
});

it("replaces the older version of a changed attempt", () => {
  const merged = mergeAttempt(list, attempt("b", 20, "refused"), all);
  expect(ids(merged)).toBe("cba");
  expect(merged[1]?.outcome).toBe("refused");
});

it("does not add attempts that the filter excludes, and removes those that no longer match", () => {
  const open = { outcome: "open", max: 9 } as const;
  expect(mergeAttempt(list, attempt("d", 40, "refused"), open)).toBe(list);
  expect(ids(mergeAttempt(list, attempt("b", 20, "refused"), open))).toBe("ca");
});

it("inserts failed and abandoned attempts into the list of what went wrong, but not assigned attempts", () => {
  const wrong = { outcome: "wrong", max: 9 } as const;
  expect(ids(mergeAttempt([], attempt("d", 40, "abandoned"), wrong))).toBe("d");
  expect(ids(mergeAttempt([], attempt("d", 40, "failed"), wrong))).toBe("d");
  expect(mergeAttempt([], attempt("d", 40, "assigned"), wrong)).toEqual([]);
});
