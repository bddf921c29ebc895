import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Clock, type Operator, storeTrouble } from "@rollcall/engine";
import { DpsError, type Permission, type ServiceRoute, serviceRoutes, toAsciiJson } from "@rollcall/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { allowedMethods, takesSlash } from "./methods.js";
import { BodyTooLarge, readBody } from "./read-body.js";
import { JSON_TYPE, sendError } from "./send-reply.js";
import { serviceActions } from "./service-actions.js";
import { checkApiVersion, isReservedId, readServiceCall } from "./service-call.js";

/** Throws DpsError when the sender does not have the permission. */
export type Authorize = (request: FastifyRequest, permission: Permission) => void;

export interface ServiceRoutesOptions {
  readonly operator: Operator;
  readonly clock: Clock;
  readonly authorize: Authorize;
  /**
   * True: the request must name an api-version, as the official SDKs do. The dashboard listener does not require it.
   */
  readonly needsApiVersion: boolean;
  /** Called with internal errors, and with the tracking id that the client got. */
  onFault?(fault: unknown, trackingId: string): void;
}

/**
 * Adds the service API (wire.md#service-api) to a server whose router ignores case. Each route reads the request, calls
 * the operator once, and formats the answer.
 */
export function addServiceRoutes(app: FastifyInstance, options: ServiceRoutesOptions): void {
  app.register(async (scope) => {
    // Bodies are bytes whatever their type, and attestationmechanism is requested without a body
    // (wire.md#service-routes).
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload));
    scope.setErrorHandler((error, request, reply) => answerError(options, error, request, reply));
    for (const route of Object.keys(serviceRoutes) as ServiceRoute[]) addRoute(scope, route, options);
  });
}

function addRoute(scope: FastifyInstance, route: ServiceRoute, options: ServiceRoutesOptions): void {
  const { method, path, permission } = serviceRoutes[route];
  const hasId = path.includes(":id");
  for (const url of takesSlash(path) ? [path, `${path}/`] : [path]) {
    scope.route({
      method,
      url,
      handler: async (request, reply) => {
        const call = readServiceCall(route, request);
        if (hasId && isReservedId(call.id)) return answerUnknown(options, request, reply);
        options.authorize(request, permission);
        if (options.needsApiVersion) checkApiVersion(request.url);
        const { body, headers } = await serviceActions[route](options.operator, call);
        reply.headers({ "x-ms-request-id": randomUUID(), ...headers });
        if (body === undefined) return reply.code(204).send();
        return reply
          .code(200)
          .header("content-type", JSON_TYPE)
          .send(Buffer.from(toAsciiJson(body)));
      },
    });
  }
}

function aboutNow(options: ServiceRoutesOptions): { trackingId: string; now: Date } {
  return { trackingId: randomUUID(), now: new Date(options.clock()) };
}

/** Answers a path that matched a route of the router but is not a route of the API. */
function answerUnknown(options: ServiceRoutesOptions, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const methods = allowedMethods(request.url, ["service"]);
  if (methods.length === 0) return sendError(request, reply, "routeNotFound", aboutNow(options));
  reply.header("allow", methods.join(", "));
  return sendError(request, reply, "methodNotAllowed", aboutNow(options));
}

function answerError(
  options: ServiceRoutesOptions,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const about = aboutNow(options);
  if (error instanceof DpsError) {
    const { kind, message, info } = error;
    return sendError(request, reply, kind, { ...about, message, ...(info && { info }) });
  }
  if (error instanceof BodyTooLarge) return sendError(request, reply, "payloadTooLarge", about);
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
  if (error instanceof Error && status >= 400 && status < 500) {
    return sendError(request, reply, "badRequest", { ...about, message: error.message });
  }
  options.onFault?.(error, about.trackingId);
  const trouble = storeTrouble(error);
  const message = trouble && `${trouble.problem}: ${trouble.next}`;
  return sendError(request, reply, "internal", { ...about, ...(message !== undefined && { message }) });
}
