import { AttemptLog } from "@rollcall/engine";
import { type AttemptSummary, attemptOutcomes } from "@rollcall/protocol";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AttemptEvents } from "./attempt-events.js";
import { addAttemptRoutes } from "./attempt-routes.js";
import { sendError } from "./send-reply.js";
import { checkAnswer } from "./testing/strict-answers.js";

let app: FastifyInstance;
let attempts: AttemptLog;
let events: AttemptEvents;

beforeEach(() => {
  app = fastify();
  attempts = new AttemptLog(() => 1000, 10);
  events = new AttemptEvents(attempts, { maxReaders: 0 });
  addAttemptRoutes(app, {
    ...{ attempts, events },
    isOwner: (request) => request.headers.authorization === "Bearer owner",
    refuse: (request, reply, kind, message = "") =>
      sendError(request, reply, kind, { trackingId: "t", now: new Date(0), message }),
  });
});

afterEach(() => app.close());

function begin(registrationId: string) {
  return attempts.begin({ at: "service", registrationId, transport: "http", remote: "127.0.0.1:1", acceptedAt: 1000 });
}

async function ask(url: string, authorization = "Bearer owner") {
  const answer = await app.inject({ method: "GET", url, headers: { authorization } });
  const { statusCode: status, headers, body: text } = answer;
  checkAnswer({ method: "GET", url, status, contentType: String(headers["content-type"]), text });
  return {
    status,
    body: answer.json<{ items: AttemptSummary[]; next?: string; message?: string }>(),
  };
}

it("lists attempts page by page, newest first", async () => {
  for (const id of ["a", "b", "c", "d", "e"]) begin(id);
  const seen: string[][] = [];
  let after = "";
  for (let page = 0; page < 4; page += 1) {
    const { body } = await ask(`/attempts?limit=2${after}`);
    seen.push(body.items.map(({ registrationId }) => registrationId));
    if (body.next === undefined) break;
    after = `&after=${body.next}`;
  }
  expect(seen).toEqual([["e", "d"], ["c", "b"], ["a"]]);
});

it("names no next page when the last page is full", async () => {
  for (const id of ["a", "b"]) begin(id);
  expect((await ask("/attempts?limit=2")).body).not.toHaveProperty("next");
});

it("leaves out attempts with a different outcome", async () => {
  for (const outcome of attemptOutcomes) begin(outcome).outcome = outcome;
  for (const outcome of attemptOutcomes) {
    const { body } = await ask(`/attempts?outcome=${outcome}`);
    expect(body.items.map((each) => [each.registrationId, each.outcome])).toEqual([[outcome, outcome]]);
  }
});

it("lists nothing after an attempt that was dropped", async () => {
  const first = begin("first").trackingId;
  for (let count = 0; count < 10; count += 1) begin(`d-${count}`);
  expect((await ask(`/attempts?after=${first}`)).body).toEqual({ items: [] });
});

it.each(["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=1&limit=2", "outcome=lost", "after=a&after=b"])(
  "refuses ?%s",
  async (query) => {
    const { status, body } = await ask(`/attempts?${query}`);
    expect(status).toBe(400);
    expect(body.message).toContain(query.slice(0, query.indexOf("=")));
  },
);

it("requires the token", async () => {
  expect((await ask("/attempts", "Bearer other")).status).toBe(401);
  expect((await ask("/events/attempts", "Bearer other")).status).toBe(401);
});

it("refuses readers of events above the limit", async () => {
  expect((await ask("/events/attempts")).status).toBe(429);
});
