import { Attempt, type AttemptLog, type Clock } from "@rollcall/engine";
import type { Hub, HubDevice, ModuleReply } from "@rollcall/hub";
import {
  type HubErrorName,
  type HubRoute,
  hubErrorBody,
  hubErrorRows,
  hubRoutes,
  toAsciiJson,
} from "@rollcall/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { attemptFactsOf, queryMember, type RequestContext } from "./device-request.js";
import { JSON_TYPE } from "./send-reply.js";

/** The hub that device requests over HTTPS are answered by. */
export interface HubApiOptions {
  readonly hub: Pick<Hub, "answerModules">;
  /** Whether a device or module is connected to its hub. */
  readonly isConnected: (place: HubDevice) => boolean;
}

interface HubRoutesOptions extends HubApiOptions {
  readonly attempts: AttemptLog;
  readonly clock: Clock;
  readonly context: (request: FastifyRequest) => RequestContext;
}

/** Adds the paths of a hub that a device asks over HTTPS: its module identities (wire.md#module-identities). */
export function addHubRoutes(app: FastifyInstance, options: HubRoutesOptions): void {
  for (const operation of Object.keys(hubRoutes) as HubRoute[]) {
    const { method, path } = hubRoutes[operation];
    app.route({
      method,
      url: path,
      handler: async (request, reply) => sendModules(reply, await askModules(operation, request, options)),
    });
  }
}

async function askModules(
  operation: HubRoute,
  request: FastifyRequest,
  { hub, isConnected, attempts, clock, context }: HubRoutesOptions,
): Promise<ModuleReply & { trackingId: string }> {
  const about = context(request);
  const { deviceId = "", moduleId } = request.params as { deviceId?: string; moduleId?: string };
  const { authorization, host, "if-match": ifMatch } = request.headers;
  const attempt = new Attempt(attemptFactsOf(request, about, { at: "hub", registrationId: deviceId }), clock);
  const { trackingId } = attempt;
  const answer = await hub.answerModules({
    ...{ operation, host, deviceId, isConnected, trackingId, ifMatch },
    ...(moduleId !== undefined && { moduleId }),
    ...(authorization !== undefined && { token: authorization }),
    apiVersion: queryMember(request.url, "api-version"),
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    connection: about.connection,
  });
  // Good requests are no attempts: they would crowd out the registrations.
  if (answer.findings) keepRefusal(attempt, answer, attempts);
  return { ...answer, trackingId };
}

function keepRefusal(attempt: Attempt, { status, findings = [] }: ModuleReply, attempts: AttemptLog): void {
  attempt.add(...findings);
  attempt.outcome = "refused";
  attempt.reply = { status };
  attempts.keep(attempt);
}

function sendModules(reply: FastifyReply, answer: ModuleReply & { readonly trackingId: string }): FastifyReply {
  const { status, body, etag, error, trackingId } = answer;
  reply.code(status).header("x-ms-request-id", trackingId);
  if (error !== undefined) reply.header("iothub-errorcode", error);
  if (etag !== undefined) reply.header("etag", `"${etag}"`);
  if (body === undefined) return reply.send();
  return reply.header("content-type", JSON_TYPE).send(Buffer.from(toAsciiJson(body)));
}

/** Answers a path of a hub with an error of the front end, in the form of a hub (wire.md#hub-errors). */
export function sendHubError(
  reply: FastifyReply,
  error: HubErrorName,
  about: { readonly trackingId: string; readonly now: Date; readonly message?: string },
): FastifyReply {
  const { trackingId } = about;
  return sendModules(reply, {
    status: hubErrorRows[error].status,
    body: hubErrorBody(error, about),
    error,
    trackingId,
  });
}
