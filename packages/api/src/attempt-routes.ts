import type { AttemptLog } from "@rollcall/engine";
import { type Answer, attemptOutcomes, limits, managementRoutes, summarizeAttempt } from "@rollcall/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AttemptEvents } from "./attempt-events.js";
import type { Refuse } from "./send-reply.js";

export interface AttemptRoutesOptions {
  readonly attempts: AttemptLog;
  readonly events: AttemptEvents;
  isOwner(request: FastifyRequest): boolean;
  readonly refuse: Refuse;
}

/** The list of attempts and the stream of their changes, for holders of the token. */
export function addAttemptRoutes(app: FastifyInstance, options: AttemptRoutesOptions): void {
  const { attempts, events, isOwner, refuse } = options;
  app.get<{ Querystring: Record<string, unknown> }>(managementRoutes.attempts.path, (request, reply) => {
    if (!isOwner(request)) return refuse(request, reply, "unauthorized");
    const asked = readQuery(request.query);
    if (typeof asked === "string") return refuse(request, reply, "badRequest", asked);
    const { limit, ...filter } = asked;
    // One entry more than requested shows whether there is a next page.
    const found = attempts.recent(limit + 1, filter);
    const items = found.slice(0, limit).map(summarizeAttempt);
    const next = found.length > limit ? items.at(-1)?.trackingId : undefined;
    const page: Answer<"attempts"> = { items, ...(next !== undefined && { next }) };
    return reply.send(page);
  });
  // HEAD of a stream would never end.
  app.get(managementRoutes.attemptEvents.path, { exposeHeadRoute: false }, (request, reply): FastifyReply => {
    if (!isOwner(request)) return refuse(request, reply, "unauthorized");
    if (events.full) return refuse(request, reply, "throttled", "Too many pages are watching the attempts already.");
    reply.hijack();
    events.open(reply.raw);
    return reply;
  });
}

type Filter = Parameters<AttemptLog["recent"]>[1];

/** Reads the query; returns a text that says what is wrong with it. */
function readQuery(query: Record<string, unknown>): string | ({ limit: number } & Filter) {
  const { limit = String(limits.pageItems.usual), outcome, after } = query;
  const { max } = limits.pageItems;
  if (typeof limit !== "string" || !/^\d{1,6}$/.test(limit) || Number(limit) < 1 || Number(limit) > max)
    return `limit must be a number from 1 to ${max}.`;
  const wanted = attemptOutcomes.find((each) => each === outcome);
  if (outcome !== undefined && wanted === undefined) return `outcome must be one of ${attemptOutcomes.join(", ")}.`;
  if (after !== undefined && typeof after !== "string") return "after must be the value of next in the page before.";
  return { limit: Number(limit), outcome: wanted, after };
}
