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

it("puts a new attempt where its time belongs, and lets the oldest go", () => {
  expect(ids(mergeAttempt(list, attempt("d", 40), all))).toBe("dcba");
  expect(ids(mergeAttempt(list, attempt("x", 15), all))).toBe("cbxa");
  expect(ids(mergeAttempt(list, attempt("x", 5), all))).toBe("cbax");
  expect(ids(mergeAttempt([], attempt("x", 5), all))).toBe("x");
  expect(ids(mergeAttempt(list, attempt("d", 40), { ...all, max: 3 }))).toBe("dcb");
});

it("puts a changed one in the place of its older self", () => {
  const merged = mergeAttempt(list, attempt("b", 20, "refused"), all);
  expect(ids(merged)).toBe("cba");
  expect(merged[1]?.outcome).toBe("refused");
});

it("keeps out what the filter leaves out, and takes away what no longer fits", () => {
  const open = { outcome: "open", max: 9 } as const;
  expect(mergeAttempt(list, attempt("d", 40, "refused"), open)).toBe(list);
  expect(ids(mergeAttempt(list, attempt("b", 20, "refused"), open))).toBe("ca");
});

it("knows what went wrong, whoever ended it", () => {
  const wrong = { outcome: "wrong", max: 9 } as const;
  expect(ids(mergeAttempt([], attempt("d", 40, "abandoned"), wrong))).toBe("d");
  expect(ids(mergeAttempt([], attempt("d", 40, "failed"), wrong))).toBe("d");
  expect(mergeAttempt([], attempt("d", 40, "assigned"), wrong)).toEqual([]);
});
