import { expect, it } from "vitest";
import { AttemptLog } from "../attempts/attempt-log.js";
import { SimultaneousRegistrations } from "./simultaneous-registrations.js";

const clock = { now: 1000 };
const log = new AttemptLog(() => clock.now);
const begin = (registrationId: string, remote: string) => {
  const facts = { at: "service", transport: "mqtt", registrationId, remote, acceptedAt: clock.now } as const;
  return { registrationId, remote, attempt: log.begin(facts) };
};

it("notes the first of two registrations of a device in the second attempt, until the first has succeeded or failed", async () => {
  const simultaneousRegistrations = new SimultaneousRegistrations(() => clock.now);
  const first = begin("pump-1", "127.0.0.1:1001");
  let fail: (reason: Error) => void = () => undefined;
  const failing = simultaneousRegistrations.watch(first, () => new Promise((_, reject) => (fail = reject)));
  clock.now += 180;
  const second = begin("PUMP-1", "127.0.0.1:1002");
  const other = begin("pump-2", "127.0.0.1:1003");
  expect(await simultaneousRegistrations.watch(second, async () => "saved")).toBe("saved");
  await simultaneousRegistrations.watch(other, async () => undefined);
  fail(new Error("a fault"));
  await expect(failing).rejects.toThrow("a fault");
  const later = begin("pump-1", "127.0.0.1:1004");
  await simultaneousRegistrations.watch(later, async () => undefined);
  expect(second.attempt.findings).toMatchObject([
    {
      code: "registration.atOnce",
      title: "Another registration of the same device was under way: it began 180 ms earlier, from 127.0.0.1:1001.",
      got: "two registrations, from 127.0.0.1:1001 and 127.0.0.1:1002",
    },
  ]);
  for (const { attempt } of [first, other, later]) expect(attempt.findings).toEqual([]);
});
