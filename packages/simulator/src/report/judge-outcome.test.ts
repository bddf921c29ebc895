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
    ["a twin that was not read", toBeAssigned, { ...assigned, twin: "unread" }, undefined],
    ["a different twin", toBeAssigned, { ...assigned, twin: "different" }, "its desired properties are not"],
    ["refused unexpectedly", toBeAssigned, refused, "refused by the service: 401002 no"],
    [
      "no answer",
      toBeRefused,
      { outcome: "unreachable", at: "hub", during: "twin", message: "lost" },
      "no answer of the hub (twin): lost",
    ],
    ["stopped", toBeRefused, { outcome: "interrupted" }, undefined],
    ["refused", toBeRefused, refused, undefined],
    ["refused for the expected reason", toBeRefused, { ...refused, finding: "chain.issuerMissing" }, undefined],
    [
      "refused for a different reason",
      toBeRefused,
      { ...refused, finding: "leaf.expired" },
      "because of leaf.expired instead of chain.issuerMissing",
    ],
    ["refused with a different error code", toBeRefused, { ...refused, errorCode: 404201 }, "404201 instead of 401002"],
    [
      "refused without an error code",
      toBeRefused,
      { outcome: "refused", at: "service", status: 401, connack: 5, message: "no" },
      "no error code instead of 401002",
    ],
    ["refused too late", toBeRefused, { ...refused, at: "hub" }, "was assigned, then refused by the hub"],
    ["assigned unexpectedly", toBeRefused, assigned, "should have been refused"],
  ])("%s", (_, expectation, end, text) => {
    const verdict = judgeOutcome(expectation, end);
    if (text === undefined) expect(verdict).toBeUndefined();
    else expect(verdict).toContain(text);
  });
});
