import { createHash } from "node:crypto";
import { type Finding, finding, idKey, type LinkedHub } from "@rollcall/protocol";
import type { EnrollmentRecord } from "./ports.js";

/** A hub, or why there is none: the device itself is fine in every such case. */
export type Allocation = { readonly hub: LinkedHub } | { readonly finding: Finding };

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const nameOf = (enrollment: EnrollmentRecord) =>
  enrollment.kind === "individual" ? enrollment.registrationId : enrollment.enrollmentGroupId;
const hosts = (hubs: readonly LinkedHub[]) => hubs.map((hub) => hub.host).join(", ") || "none";

/** Chooses the hub of a registration by the enrollment's policy (section 8.2). */
export function allocate(
  enrollment: EnrollmentRecord,
  registrationId: string,
  linked: readonly LinkedHub[],
): Allocation {
  if (linked.length === 0) return { finding: finding("hub.noneLinked") };
  const policy = enrollment.allocationPolicy ?? "hashed";
  if (policy === "custom") return { finding: finding("allocation.unsupported", { values: { policy } }) };
  const named = linked.filter((hub) => enrollment.iotHubs.some((name) => same(name, hub.host)));
  if (policy === "static" && enrollment.iotHubs.length !== 1) {
    const values = { id: nameOf(enrollment), count: enrollment.iotHubs.length, linked: hosts(linked) };
    return {
      finding: finding("allocation.staticNeedsOneHub", {
        values,
        expected: "one hub",
        got: enrollment.iotHubs.join(", ") || "none",
      }),
    };
  }
  const candidates = enrollment.iotHubs.length > 0 ? named : linked.filter((hub) => hub.applyAllocationPolicy);
  if (candidates.length === 0) return nothingToAllocate(enrollment, linked);
  const nearest = policy === "geoLatency" ? lowestLatency(candidates) : candidates;
  return { hub: byWeightedHash(nearest, registrationId) };
}

function nothingToAllocate(enrollment: EnrollmentRecord, linked: readonly LinkedHub[]): Allocation {
  if (enrollment.iotHubs.length === 0)
    return { finding: finding("hub.noneLinked", { got: `${hosts(linked)}, taken out of allocation` }) };
  const enrolled = enrollment.iotHubs.join(", ");
  return {
    finding: finding("hub.notLinked", {
      values: { enrolled, linked: hosts(linked) },
      expected: hosts(linked),
      got: enrolled,
    }),
  };
}

function lowestLatency(hubs: readonly LinkedHub[]): readonly LinkedHub[] {
  const lowest = Math.min(...hubs.map((hub) => hub.latency ?? Number.POSITIVE_INFINITY));
  return hubs.filter((hub) => (hub.latency ?? Number.POSITIVE_INFINITY) === lowest);
}

/**
 * Weighted rendezvous hashing: the same id gets the same hub as long as that hub is there, hubs get devices in proportion
 * to their weights, and a hub that comes or goes moves only its own share.
 */
function byWeightedHash(hubs: readonly LinkedHub[], registrationId: string): LinkedHub {
  const [first, ...others] = hubs;
  if (!first) throw new Error("allocation without candidates");
  if (others.length === 0) return first;
  const scored = hubs.map((hub) => ({ hub, score: score(hub, registrationId) }));
  return scored.reduce((best, each) => (each.score > best.score ? each : best)).hub;
}

function score(hub: LinkedHub, registrationId: string): number {
  const hash = createHash("sha256")
    .update(`${idKey(registrationId)}\n${hub.host.toLowerCase()}`)
    .digest();
  // 52 bits and a half: never 0 and never 1, so that the logarithm is finite and not zero.
  const uniform = (Number(hash.readBigUInt64BE() >> 12n) + 0.5) / 2 ** 52;
  return -hub.weight / Math.log(uniform);
}
