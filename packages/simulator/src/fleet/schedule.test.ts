import { describe, expect, it } from "vitest";
import { fleetFromText } from "./load-fleet.js";
import { orderOfArrival, scheduleArrivals } from "./schedule.js";
import { Turnstile } from "./turnstile.js";

const text = `name: plant
seed: 7
devices:
  - { name: a, count: 200, attestation: { type: symmetricKey, enrolled: individual } }
  - { name: b, count: 200, attestation: { type: symmetricKey, enrolled: group } }
`;

describe("scheduleArrivals", () => {
  it("starts every device once, in order, within the time that follows from the rate", async () => {
    const { devices } = await fleetFromText(text);
    const schedule = scheduleArrivals(devices, 100);
    const starts = schedule.map(({ startMs }) => startMs);
    expect(starts).toEqual(starts.toSorted((one, other) => one - other));
    expect(starts.every((start) => start >= 0 && start < 4000)).toBe(true);
    expect(new Set(schedule.map(({ device }) => device.registrationId)).size).toBe(400);
  });

  it("is the same every time, and mixes the groups", async () => {
    const ids = async () => orderOfArrival((await fleetFromText(text)).devices).map((device) => device.registrationId);
    const order = await ids();
    expect(order).toEqual(await ids());
    const ofA = order.slice(0, 200).filter((id) => id.startsWith("a")).length;
    expect(ofA).toBeGreaterThan(60);
    expect(ofA).toBeLessThan(140);
  });
});

describe("Turnstile", () => {
  it("never runs more tasks than its limit, and runs all of them, even after failures", async () => {
    const turnstile = new Turnstile(3);
    let inside = 0;
    let most = 0;
    const task = async (number: number): Promise<number> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(setImmediate);
      inside -= 1;
      if (number % 4 === 0) throw new Error("fault");
      return number;
    };
    const ends = await Promise.allSettled(Array.from({ length: 20 }, (_, number) => turnstile.run(() => task(number))));
    expect(most).toBe(3);
    expect(ends.filter((end) => end.status === "fulfilled")).toHaveLength(15);
  });
});
