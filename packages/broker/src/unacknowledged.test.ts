import { limits } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { SessionsAway } from "./sessions-away.js";
import { Unacknowledged } from "./unacknowledged.js";

const message = (bytes: number, topic = "t") => ({ topic, payload: Buffer.alloc(bytes) });

describe("messages without PUBACK", () => {
  it("have packet ids from 1 to 65535, none twice", () => {
    const messages = new Unacknowledged();
    expect([messages.add(message(1)), messages.add(message(1))]).toEqual([1, 2]);
    for (let n = 3; n <= 65_534; n++) messages.acknowledge(messages.add(message(1)));
    messages.acknowledge(1);
    // 2 is still waiting: it is passed over.
    expect([messages.add(message(1)), messages.add(message(1)), messages.add(message(1))]).toEqual([65_535, 1, 3]);
  });

  it("are bounded in number, the oldest forgotten", () => {
    const messages = new Unacknowledged();
    for (let n = 1; n <= limits.hubUnacknowledged; n++) messages.add(message(1));
    expect([messages.size, messages.bytes, messages.all()[0]?.[0]]).toEqual([16, 16, 1]);
    messages.add(message(1));
    expect([messages.size, messages.bytes, messages.all()[0]?.[0]]).toEqual([16, 16, 2]);
  });

  it("are bounded in bytes: one that is too large by itself is not kept", () => {
    const messages = new Unacknowledged();
    const half = limits.hubUnacknowledgedBytes / 2;
    for (const bytes of [half, half]) messages.add(message(bytes));
    expect([messages.size, messages.bytes]).toEqual([2, 2 * half]);
    messages.add(message(1));
    expect([messages.size, messages.bytes]).toEqual([2, half + 1]);
    messages.add(message(2 * half + 1));
    expect([messages.size, messages.bytes]).toEqual([0, 0]);
  });

  it("are forgotten once, however often they are acknowledged", () => {
    const messages = new Unacknowledged();
    messages.add(message(5));
    for (const id of [7, 1, 1]) messages.acknowledge(id);
    expect([messages.size, messages.bytes]).toEqual([0, 0]);
  });
});

describe("devices that are away", () => {
  const filled = (bytes: number) => {
    const messages = new Unacknowledged();
    messages.add(message(bytes));
    return messages;
  };

  it("get what their own session left, once", () => {
    const away = new SessionsAway();
    const messages = filled(1);
    away.put("a", { sessionId: "s1", messages }, 0);
    expect(away.take("b", "s1", 0)).toBeUndefined();
    expect(away.take("a", "s1", 0)).toBe(messages);
    expect(away.take("a", "s1", 0)).toBeUndefined();
    away.put("a", { sessionId: "s1", messages }, 0);
    expect(away.take("a", "s2", 0)).toBeUndefined();
    expect(away.take("a", "s1", 0)).toBeUndefined();
  });

  it("are bounded in bytes together, the oldest forgotten", () => {
    const away = new SessionsAway();
    const each = limits.hubUnacknowledgedBytes;
    const room = limits.hubUnacknowledgedBytesAway / each;
    for (let n = 0; n < room; n++) away.put(`d${n}`, { sessionId: "s", messages: filled(each) }, 0);
    away.put("d1", { sessionId: "s", messages: filled(each) }, 0);
    expect(away.take("d0", "s", 0)).toBeDefined();
    away.put("d0", { sessionId: "s", messages: filled(each) }, 0);
    away.put("more", { sessionId: "s", messages: filled(1) }, 0);
    expect([away.take("d2", "s", 0), away.take("d3", "s", 0)]).toEqual([undefined, expect.any(Unacknowledged)]);
  });
});
