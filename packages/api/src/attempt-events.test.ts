import { createServer, get, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Attempt, AttemptLog } from "@rollcall/engine";
import { attemptEvents, finding } from "@rollcall/protocol";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AttemptEvents, type AttemptEventsOptions } from "./attempt-events.js";

/** Waits longer than vitest's default of one second: a busy machine needs it. */
const soon = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000 });

const facts = { at: "service", transport: "mqtt", remote: "127.0.0.1:1", acceptedAt: 1000 } as const;

let log: AttemptLog;
let events: AttemptEvents;
let server: Server;

async function serve(options: AttemptEventsOptions = {}): Promise<void> {
  events = new AttemptEvents(log, { gatherMs: 5, ...options });
  server = createServer((_request, response) => events.open(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
}

beforeEach(() => {
  log = new AttemptLog(() => 1007);
});

afterEach(async () => {
  events.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A reader that keeps everything it receives; `lines` of events and comments. */
async function read() {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }, resolve).on("error", reject);
  });
  let text = "";
  response.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const ended = new Promise<void>((resolve) => response.once("close", resolve));
  const eventsSoFar = () =>
    [...text.matchAll(/event: (attempt|missed)\ndata: (.*)\n\n/g)].map(([, name, text = ""]) => ({
      name,
      data: attemptEvents[name as keyof typeof attemptEvents].parse(JSON.parse(text)),
    }));
  return { response, ended, text: () => text, events: eventsSoFar };
}

it("drops readers whose connection closes while they wait for an earlier answer", async () => {
  await serve({ maxReaders: 3 });
  // The answer to the first request never ends, so that the others wait for ever.
  server.removeAllListeners("request");
  server.once("request", () => server.on("request", (_request, response) => events.open(response)));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(4));
  await soon(() => expect(events.full).toBe(true));
  socket.destroy();
  await soon(() => expect(events.full).toBe(false));
  expect(events.readers).toBe(0);
});

it("sends an attempt that began, and its state after a short time in which notes are collected", async () => {
  await serve();
  const reader = await read();
  expect(reader.response.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
  });
  const attempt = log.begin({ ...facts, registrationId: "Pump-1" });
  attempt.step("register");
  attempt.add(finding("credential.missing"));
  attempt.outcome = "refused";
  await soon(() => expect(reader.events()).toHaveLength(1));
  expect(reader.events()[0]).toMatchObject({
    name: "attempt",
    data: {
      trackingId: attempt.trackingId,
      registrationId: "Pump-1",
      outcome: "refused",
      findings: 1,
      finding: { code: "credential.missing" },
      lastStepMs: 7,
    },
  });
  expect(reader.events()[0]?.data).not.toHaveProperty("steps");
  attempt.step("again");
  await soon(() => expect(reader.events()).toHaveLength(2));
});

it("sends an attempt that was settled meanwhile, and no attempts outside the log", async () => {
  await serve();
  const reader = await read();
  const attempt = log.begin({ ...facts, registrationId: "a" });
  attempt.outcome = "abandoned";
  log.settle(attempt);
  new Attempt({ ...facts, registrationId: "poll" }, () => 1).step("poll");
  await soon(() => expect(reader.events()).toMatchObject([{ data: { outcome: "abandoned" } }]));
});

it("says how many attempts it left out when there are too many at a time", async () => {
  await serve({ maxGathered: 3 });
  const reader = await read();
  for (let count = 0; count < 5; count += 1) log.begin({ ...facts, registrationId: `d-${count}` });
  await soon(() =>
    expect(reader.events().map(({ name }) => name)).toEqual(["attempt", "attempt", "attempt", "missed"]),
  );
  expect(reader.events()[3]?.data).toEqual({ count: 2 });
});

it("keeps an idle stream alive with comments", async () => {
  await serve({ heartbeatMs: 5 });
  const reader = await read();
  await soon(() => expect(reader.text()).toContain(": still here\n\n"));
});

it("drops a reader that does not read, and serves the others", async () => {
  await serve({ maxUnreadBytes: 64 * 1024 });
  const slow = await read();
  slow.response.pause();
  const quick = await read();
  let dropped = false;
  slow.ended.then(
    () => {
      dropped = true;
    },
    () => undefined,
  );
  // More than the buffers of both ends of the socket can store.
  const noise = "x".repeat(8000);
  for (let count = 0; events.readers > 1 && count < 20_000; count += 1) {
    log.begin({ ...facts, registrationId: `d-${count}`, clientVersion: noise });
    if (count % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 6));
  }
  expect(events.readers).toBe(1);
  slow.response.resume();
  await soon(() => expect(dropped).toBe(true));
  log.begin({ ...facts, registrationId: "the last" });
  await soon(() => expect(quick.text()).toContain("the last"));
});

it("watches the log only while there are readers", async () => {
  const watch = vi.spyOn(log, "watch");
  await serve();
  expect(watch).not.toHaveBeenCalled();
  const reader = await read();
  expect(watch).toHaveBeenCalledTimes(1);
  reader.response.destroy();
  await soon(() => expect(events.readers).toBe(0));
  const again = await read();
  expect(watch).toHaveBeenCalledTimes(2);
  log.begin({ ...facts, registrationId: "b" });
  await soon(() => expect(again.events()).toHaveLength(1));
});

it("ends every stream when it is closed", async () => {
  await serve();
  const reader = await read();
  events.close();
  await reader.ended;
  expect(events.readers).toBe(0);
  expect(reader.response.complete).toBe(true);
});
