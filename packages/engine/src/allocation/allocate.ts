import { createHash } from "node:crypto";
import { type Finding, finding, idKey, type JsonObject, type LinkedHub } from "@rollcall/protocol";
import type { ServiceAllocationPolicy } from "../records/allocation-policy.js";
import { enrollmentId } from "../records/enrollment-id.js";
import type { EnrollmentRecord } from "../records/records.js";

/**
 * The chosen hub, with the twin and payload of a webhook; or the finding that says why no hub was chosen, although the
 * device itself is in order.
 */
export type Allocation =
  | {
      readonly hub: LinkedHub;
      /** Replaces the enrollment's initial twin, and a twin that would migrate. */
      readonly initialTwin?: EnrollmentRecord["initialTwin"];
      /** JSON that the webhook sends to the device. */
      readonly payload?: JsonObject;
    }
  | {
      readonly finding: Finding;
      /**
       * The message for the device, if it depends on the webhook's answer; absent: the message of the finding's error.
       */
      readonly wireMessage?: string;
    };

/** Host names are compared without case. */
export const sameHost = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const hosts = (hubs: readonly LinkedHub[]) => hubs.map((hub) => hub.host).join(", ") || "none";

/**
 * The hubs that an enrollment may use: the linked hubs that it names; if it names no hub, all hubs that take part in
 * allocation.
 */
export function candidateHubs(
  enrollment: EnrollmentRecord,
  linked: readonly LinkedHub[],
): { readonly hubs: readonly LinkedHub[] } | { readonly finding: Finding } {
  if (linked.length === 0) return { finding: finding("hub.noneLinked") };
  const named = linked.filter((hub) => enrollment.iotHubs.some((name) => sameHost(name, hub.host)));
  const hubs = enrollment.iotHubs.length > 0 ? named : linked.filter((hub) => hub.applyAllocationPolicy);
  return hubs.length > 0 ? { hubs } : { finding: nothingToAllocate(enrollment, linked) };
}

/** Chooses the hub of a registration by any policy but `custom` (wire.md#allocation). */
export function allocate(
  enrollment: EnrollmentRecord,
  registrationId: string,
  { linked, policy }: { readonly linked: readonly LinkedHub[]; readonly policy: ServiceAllocationPolicy },
): Allocation {
  if (linked.length > 0 && policy === "static" && enrollment.iotHubs.length !== 1)
    return { finding: staticNeedsOneHub(enrollment, linked) };
  const candidates = candidateHubs(enrollment, linked);
  if ("finding" in candidates) return candidates;
  const nearest = policy === "geoLatency" ? lowestLatency(candidates.hubs) : candidates.hubs;
  return { hub: byWeightedHash(nearest, registrationId) };
}

function staticNeedsOneHub(enrollment: EnrollmentRecord, linked: readonly LinkedHub[]): Finding {
  const { iotHubs } = enrollment;
  const values = { id: enrollmentId(enrollment), count: iotHubs.length, linked: hosts(linked) };
  return finding("allocation.staticNeedsOneHub", { values, expected: "one hub", got: iotHubs.join(", ") || "none" });
}

function nothingToAllocate(enrollment: EnrollmentRecord, linked: readonly LinkedHub[]): Finding {
  if (enrollment.iotHubs.length === 0)
    return finding("hub.noneLinked", { got: `${hosts(linked)}, taken out of allocation` });
  const enrolled = enrollment.iotHubs.join(", ");
  const values = { enrolled, linked: hosts(linked) };
  return finding("hub.notLinked", { values, expected: hosts(linked), got: enrolled });
}

function lowestLatency(hubs: readonly LinkedHub[]): readonly LinkedHub[] {
  const lowest = Math.min(...hubs.map((hub) => hub.latency ?? Number.POSITIVE_INFINITY));
  return hubs.filter((hub) => (hub.latency ?? Number.POSITIVE_INFINITY) === lowest);
}

/**
 * Weighted rendezvous hashing: an id gets the same hub as long as that hub is linked, hubs get devices in proportion to
 * their weights, and adding or removing a hub moves only that hub's share.
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
  // 52 bits plus a half: never 0 and never 1, so that the logarithm is finite and not zero.
  const uniform = (Number(hash.readBigUInt64BE() >> 12n) + 0.5) / 2 ** 52;
  return -hub.weight / Math.log(uniform);
}
