import { describe, expect, it } from "vitest";
import { judgeOutcome } from "./judge-outcome.js";
import type { DeviceEnd, Expectation } from "./report-types.js";

const assigned: DeviceEnd = { outcome: "assigned", assignedHub: "127.0.0.1", deviceId: "a", twin: "asPrescribed" };
const refused: DeviceEnd = { outcome: "refused", at: "service", status: 401, errorCode: 401002, message: "no" };
const toBeAssigned: Expectation = { outcome: "assigned" };
const toBeRefused: Expectation = { outcome: "refused", finding: "chain.issuerMissing", errorCode: 401002 };

describe("judgeOutcome", () => {
  it.each<[string, Expectation, DeviceEnd, string | undefined]>([
    ["assigned", toBeAssigned, assigned, undefined],
    ["a twin that nobody read", toBeAssigned, { ...assigned, twin: "unread" }, undefined],
    ["another twin", toBeAssigned, { ...assigned, twin: "different" }, "its desired properties are not"],
    ["refused all the same", toBeAssigned, refused, "refused by the service: 401002 no"],
    [
      "no answer",
      toBeRefused,
      { outcome: "unreachable", at: "hub", during: "twin", message: "lost" },
      "no answer of the hub (twin): lost",
    ],
    ["stopped", toBeRefused, { outcome: "interrupted" }, undefined],
    ["refused", toBeRefused, refused, undefined],
    ["refused for the reason", toBeRefused, { ...refused, finding: "chain.issuerMissing" }, undefined],
    [
      "refused for another reason",
      toBeRefused,
      { ...refused, finding: "leaf.expired" },
      "because of leaf.expired instead of chain.issuerMissing",
    ],
    ["refused with another number", toBeRefused, { ...refused, errorCode: 404201 }, "404201 instead of 401002"],
    [
      "refused without a number",
      toBeRefused,
      { outcome: "refused", at: "service", status: 401, connack: 5, message: "no" },
      "no error code instead of 401002",
    ],
    ["refused too late", toBeRefused, { ...refused, at: "hub" }, "was assigned, then refused by the hub"],
    ["assigned all the same", toBeRefused, assigned, "should have been refused"],
  ])("%s", (_, expectation, end, text) => {
    const verdict = judgeOutcome(expectation, end);
    if (text === undefined) expect(verdict).toBeUndefined();
    else expect(verdict).toContain(text);
  });
});
