import type { DeviceEnd, Expectation } from "./report-types.js";

/** Describes a device's unexpected outcome; undefined when it is as expected, or when the run was stopped before. */
export function judgeOutcome(expect: Expectation, end: DeviceEnd): string | undefined {
  if (end.outcome === "interrupted") return undefined;
  if (end.outcome === "unreachable") return `no answer of the ${end.at} (${end.during}): ${end.message}`;
  if (expect.outcome === "assigned") return end.outcome === "refused" ? describeRefusal(end) : judgeTwin(end);
  if (end.outcome === "assigned") return `was assigned to ${end.assignedHub}, but should have been refused`;
  return judgeRefusal(expect, end);
}

type Refused = Extract<DeviceEnd, { outcome: "refused" }>;

/** A refusal in words: its origin, number and message. */
export function describeRefusal({ at, status, errorCode, message }: Refused): string {
  return `refused by the ${at}: ${errorCode ?? status} ${message}`;
}

function judgeTwin({ twin }: Extract<DeviceEnd, { outcome: "assigned" }>): string | undefined {
  return twin === "different" ? "its desired properties are not those of its enrollment" : undefined;
}

function judgeRefusal(expect: Extract<Expectation, { outcome: "refused" }>, end: Refused): string | undefined {
  if (end.at === "hub") return `was assigned, then ${describeRefusal(end)}`;
  if (expect.errorCode !== undefined && end.errorCode !== expect.errorCode) {
    return `refused with ${end.errorCode ?? "no error code"} instead of ${expect.errorCode}: ${end.message}`;
  }
  if (expect.finding === undefined || end.finding === undefined || end.finding === expect.finding) return undefined;
  return `refused because of ${end.finding} instead of ${expect.finding}`;
}
