import { finding } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { Attempt } from "./attempt.js";
import { AttemptLog } from "./attempt-log.js";

const facts = (registrationId: string, over: { at?: "service" | "hub"; acceptedAt?: number } = {}) => ({
  at: "service" as const,
  registrationId,
  transport: "mqtt" as const,
  remote: "127.0.0.1:1",
  acceptedAt: 1000,
  securedAt: 1004,
  ...over,
});

describe("the log of attempts", () => {
  it("finds an attempt by both ids, as it happens and after it is settled", () => {
    const log = new AttemptLog(() => 1010);
    const attempt = log.begin(facts("Pump-1"));
    attempt.step("connect");
    attempt.add(finding("credential.missing"));
    attempt.outcome = "refused";
    const open = log.find("pump-1");
    expect(open).toMatchObject({
      outcome: "refused",
      steps: [
        { name: "tls", atMs: 4 },
        { name: "connect", atMs: 10 },
      ],
    });
    log.settle(attempt);
    expect(log.find("PUMP-1")).toEqual(open);
    expect(log.find(attempt.trackingId.toUpperCase())).toEqual(open);
    expect(log.recent(5)).toEqual([open]);
  });

  it("keeps the latest attempts, settled or not, and drops the oldest", () => {
    const log = new AttemptLog(() => 1000, 3);
    const attempts = ["a", "b", "a", "c", "d"].map((id) => log.begin(facts(id)));
    for (const attempt of attempts.slice(0, 4)) log.settle(attempt);
    expect(log.size).toBe(3);
    expect(log.recent(9).map((each) => each.registrationId)).toEqual(["d", "c", "a"]);
    expect(log.find("b")).toBeUndefined();
    expect(log.find("a")?.trackingId).toBe(attempts[2]?.trackingId);
    expect(log.find(attempts[0]?.trackingId ?? "")).toBeUndefined();
  });

  it("shows the hub's refusal when it is later than the attempt at the service", () => {
    const log = new AttemptLog(() => 1000);
    log.begin(facts("a")).outcome = "assigned";
    const hub = log.begin(facts("a", { at: "hub", acceptedAt: 2000 }));
    expect(log.find("a")?.at).toBe("service");
    hub.outcome = "refused";
    expect(log.find("a")?.at).toBe("hub");
    log.settle(hub);
    expect(log.find("a")?.at).toBe("hub");
  });

  it("tells watchers of each change, and stops after the last watcher has left", () => {
    const log = new AttemptLog(() => 1000);
    const heard: string[] = [];
    const hear = (name: string) => log.watch((attempt) => heard.push(`${name} ${attempt.outcome}`));
    log.begin(facts("before")).step("unheard");
    const endFirst = hear("one");
    const attempt = log.begin(facts("a"));
    const endSecond = hear("two");
    attempt.outcome = "refused";
    expect(heard).toEqual(["one open", "one refused", "two refused"]);
    endFirst();
    attempt.step("later");
    attempt.add(finding("credential.missing"));
    attempt.add(finding("credential.missing"));
    endSecond();
    attempt.step("unheard");
    expect(heard.slice(3)).toEqual(["two refused", "two refused", "two refused"]);
  });

  it("lists the attempts that pass a filter, after a given attempt, across the end of the ring", () => {
    const log = new AttemptLog(() => 1000, 4);
    const attempts = ["a", "b", "c", "d", "e", "f"].map((id) => log.begin(facts(id)));
    for (const index of [2, 4]) attempts.at(index)!.outcome = "failed";
    log.settle(attempts[4]!);
    const ids = (...list: Parameters<AttemptLog["recent"]>) => log.recent(...list).map((each) => each.registrationId);
    expect(ids(9)).toEqual(["f", "e", "d", "c"]);
    expect(ids(9, { outcome: "failed" })).toEqual(["e", "c"]);
    expect(ids(1, { outcome: "failed", after: attempts[4]!.trackingId })).toEqual(["c"]);
    expect(ids(2, { after: attempts[5]!.trackingId })).toEqual(["e", "d"]);
    expect(ids(9, { after: attempts[0]!.trackingId })).toEqual([]);
  });

  it.each([
    { length: 256, kept: 256 },
    { length: 257, kept: 256 },
  ])("keeps $kept characters of a text of $length", ({ length, kept }) => {
    const log = new AttemptLog(() => 1000);
    const text = "x".repeat(length);
    const { facts: noted, trackingId } = log.begin({
      ...facts(text),
      ...{ idScope: text, apiVersion: text, clientVersion: text },
    });
    const cut = text.slice(0, kept);
    expect(noted).toMatchObject({ registrationId: cut, idScope: cut, apiVersion: cut, clientVersion: cut });
    expect(log.find(cut)?.trackingId).toBe(trackingId);
  });

  it("keeps an attempt that began outside of it, and tells watchers of its later changes", () => {
    const log = new AttemptLog(() => 1000);
    const heard: string[] = [];
    log.watch((attempt) => heard.push(attempt.outcome));
    const attempt = new Attempt(facts("a"), () => 1010);
    attempt.step("poll");
    expect([log.size, heard]).toEqual([0, []]);
    attempt.outcome = "refused";
    log.keep(attempt);
    expect(log.find("a")).toMatchObject({ outcome: "refused", steps: [{ name: "tls" }, { name: "poll", atMs: 10 }] });
    attempt.step("later");
    expect(heard).toEqual(["refused", "refused"]);
  });
});
