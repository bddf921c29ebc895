import { type IndividualEnrollmentInput, individualEnrollmentSchema, type LinkedHub } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { individualRecord } from "../enrollments/enrollment-record.js";
import { allocationPolicyOf, type ServiceAllocationPolicy } from "../records/allocation-policy.js";
import { type Allocation, allocate } from "./allocate.js";

const hub = (host: string, over: Partial<LinkedHub> = {}): LinkedHub => ({
  host,
  weight: 1,
  applyAllocationPolicy: true,
  ...over,
});

type Fields = Partial<IndividualEnrollmentInput>;
function enrollment(fields: Fields = {}) {
  const source = { registrationId: "a", attestation: { type: "symmetricKey" as const }, ...fields };
  const context = { now: 0, random: (size: number) => Buffer.alloc(size), etag: () => "e" };
  return individualRecord(individualEnrollmentSchema.parse(source), context);
}

const hostOf = (allocation: Allocation) => ("hub" in allocation ? allocation.hub.host : allocation.finding.code);
const choose = (
  linked: readonly LinkedHub[],
  { id = "a", policy = "hashed", fields = {} }: { id?: string; policy?: ServiceAllocationPolicy; fields?: Fields } = {},
) => hostOf(allocate(enrollment(fields), id, { linked, policy }));

const ids = Array.from({ length: 10_000 }, (_, n) => `device-${n}`);
/** Number of ids that each hub gets. */
function shares(linked: readonly LinkedHub[], policy: ServiceAllocationPolicy = "hashed"): Record<string, number> {
  const record = enrollment();
  const counts: Record<string, number> = {};
  for (const id of ids) {
    const host = hostOf(allocate(record, id, { linked, policy }));
    counts[host] = (counts[host] ?? 0) + 1;
  }
  return counts;
}

/** Five standard deviations of a binomial distribution: a fair hash exceeds them once in two million tries. */
function expectShare(count: number | undefined, share: number): void {
  const deviation = Math.sqrt(ids.length * share * (1 - share));
  expect(Math.abs((count ?? 0) - ids.length * share)).toBeLessThan(5 * deviation);
}

describe("hashed", () => {
  it.each([
    { weights: [1, 1] },
    { weights: [1, 3] },
    { weights: [1, 2, 7] },
    { weights: [1, 1000] },
    { weights: [5, 5, 5, 5, 5] },
  ])("gives ten thousand ids to hubs in proportion to $weights", ({ weights }) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = shares(weights.map((weight, n) => hub(`h${n}.test`, { weight })));
    weights.forEach((weight, n) => {
      expectShare(counts[`h${n}.test`], weight / total);
    });
  });

  it("is independent of the order of the hubs and of the case of id and host", () => {
    const hubs = [hub("h1.test", { weight: 2 }), hub("h2.test"), hub("h3.test")];
    for (const id of ids.slice(0, 500)) {
      const host = choose(hubs, { id });
      expect(choose(hubs.toReversed(), { id })).toBe(host);
      expect(
        choose(
          hubs.map((each) => hub(each.host.toUpperCase(), { weight: each.weight })),
          { id: id.toUpperCase() },
        ),
      ).toBe(host.toUpperCase());
    }
  });

  it("moves only the share of a hub that is added or removed", () => {
    const three = [hub("h1.test"), hub("h2.test", { weight: 2 }), hub("h3.test")];
    const four = [...three, hub("h4.test", { weight: 4 })];
    let taken = 0;
    for (const id of ids) {
      const [before, after] = [choose(three, { id }), choose(four, { id })];
      if (after === "h4.test") taken++;
      else expect(after).toBe(before);
    }
    expectShare(taken, 4 / 8);
  });

  it("moves devices only to the hub whose weight grows", () => {
    const before = [hub("h1.test"), hub("h2.test")];
    const after = [hub("h1.test"), hub("h2.test", { weight: 3 })];
    const moved = ids.filter((id) => choose(before, { id }) !== choose(after, { id }));
    expect(new Set(moved.map((id) => choose(after, { id })))).toEqual(new Set(["h2.test"]));
    expectShare(moved.length, 1 / 4);
  });
});

describe("geoLatency", () => {
  const policy = "geoLatency";

  it("chooses the lowest latency; hubs without a latency come last", () => {
    expect(
      choose([hub("far.test", { latency: 90 }), hub("near.test", { latency: 8 }), hub("unknown.test")], { policy }),
    ).toBe("near.test");
    expect(choose([hub("unknown.test"), hub("far.test", { latency: 90 })], { policy })).toBe("far.test");
  });

  it("distributes devices by weight among hubs with equal latency", () => {
    const near = { latency: 5 };
    const hubs = [
      hub("a.test", { ...near, weight: 3 }),
      hub("b.test", near),
      hub("far.test", { latency: 6, weight: 1000 }),
    ];
    const counts = shares(hubs, policy);
    expect(Object.keys(counts).sort()).toEqual(["a.test", "b.test"]);
    expectShare(counts["a.test"], 3 / 4);
    expect(Object.keys(shares([hub("a.test"), hub("b.test")], policy)).sort()).toEqual(["a.test", "b.test"]);
  });
});

describe("static", () => {
  const hubs = [hub("h1.test"), hub("h2.test")];
  it.each([
    [["h2.test"], "h2.test"],
    [["H1.test"], "h1.test"],
    [[], "allocation.staticNeedsOneHub"],
    [["h1.test", "h2.test"], "allocation.staticNeedsOneHub"],
    [["gone.test"], "hub.notLinked"],
  ])("with %j: %s", (iotHubs, expected) => {
    expect(choose(hubs, { policy: "static", fields: { iotHubs } })).toBe(expected);
    expect(choose([], { policy: "static", fields: { iotHubs } })).toBe("hub.noneLinked");
  });
});

describe("the hubs to choose from", () => {
  const hubs = [hub("h1.test"), hub("out.test", { applyAllocationPolicy: false, weight: 1000, latency: 1 })];

  it.each(["hashed", "geoLatency"] as const)(
    "%s leaves out a hub with applyAllocationPolicy false, unless the enrollment names it",
    (policy) => {
      expect(new Set(ids.slice(0, 200).map((id) => choose(hubs, { id, policy })))).toEqual(new Set(["h1.test"]));
      expect(choose(hubs, { policy, fields: { iotHubs: ["out.test"] } })).toBe("out.test");
      const both = ids
        .slice(0, 200)
        .map((id) => choose(hubs, { id, policy, fields: { iotHubs: ["h1.test", "out.test"] } }));
      expect(both).toContain("out.test");
    },
  );

  it("are empty when no hub takes part, no hub is linked, or no named hub is linked", () => {
    expect(choose(hubs.slice(1))).toBe("hub.noneLinked");
    expect(choose([])).toBe("hub.noneLinked");
    expect(choose(hubs, { fields: { iotHubs: ["gone.test"] } })).toBe("hub.notLinked");
    expect(choose(hubs, { fields: { iotHubs: ["gone.test", "h1.test"] } })).toBe("h1.test");
  });
});

describe("the policy", () => {
  it.each([
    [{}, undefined, "hashed"],
    [{}, "geoLatency", "geoLatency"],
    [{ allocationPolicy: "hashed" }, "static", "hashed"],
    [{ allocationPolicy: "custom" }, "static", "custom"],
    // The single-hub form of 2017 is static, whatever policy the service has.
    [{ iotHubHostName: "h1.test" }, "geoLatency", "static"],
  ] as const)("of %j in a service of %s is %s", (fields, ofService, expected) => {
    expect(allocationPolicyOf(enrollment(fields), ofService)).toBe(expected);
  });
});
