import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type FrontEndParts, SingleRequests } from "@rollcall/engine";
import { type ClientConnection, finding, routes } from "@rollcall/protocol";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { attemptFacts, type RequestContext, readDeviceRequest } from "./device-request.js";
import { allowedMethods } from "./methods.js";
import { BodyTooLarge, readBody } from "./read-body.js";
import { sendError, sendReply } from "./send-reply.js";
import { addServiceRoutes, type ServiceRoutesOptions } from "./service-api.js";

export interface DeviceApiOptions extends FrontEndParts {
  /** Seconds that a device is told to wait after an internal error. */
  readonly retryAfterSeconds: number;
  /** The facts that the listener has about the socket of a request. */
  connectionOf(socket: Socket): ClientConnection;
  /** The service API on the same server; absent: only devices are served. */
  readonly service?: Pick<ServiceRoutesOptions, "operator" | "authorize">;
  /** Called with internal errors, and with the tracking id that the client got. */
  onFault?(fault: unknown, trackingId: string): void;
}

/**
 * The HTTPS device API (wire.md#https) and the service API (wire.md#service-api), for any number of servers that belong
 * to the caller.
 */
export interface DeviceApi {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** Makes the device API. It parses a request, calls the engine once, and formats the answer. */
export async function createDeviceApi(options: DeviceApiOptions): Promise<DeviceApi> {
  const app = fastify({
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { caseSensitive: false, maxParamLength: 16_384 },
    frameworkErrors: (error, request, reply) => void answerError(options, error, request, reply),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload));
  app.setErrorHandler((error, request, reply) => answerError(options, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnknown(options, request, reply));
  addRoutes(app, options);
  if (options.service) addServiceRoutes(app, { ...options, ...options.service, needsApiVersion: true });
  await app.ready();
  return {
    handler: (request, response) => {
      // Bodies are bytes whatever their type: "utf-8" or "JSON" as Content-Type must not make a registration fail.
      delete request.headers["content-type"];
      app.routing(request, response);
    },
    close: async () => {
      await app.close();
    },
  };
}

function addRoutes(app: FastifyInstance, options: DeviceApiOptions): void {
  const context = contextReader(options);
  const requests = new SingleRequests(options);

  app.route({
    method: routes.register.method,
    url: routes.register.path,
    handler: async (request, reply) => {
      const about = context(request);
      const device = readDeviceRequest(request, about);
      const answer = await requests.register(attemptFacts(request, about), device, bodyOf(request));
      return sendReply(request, reply, answer);
    },
    // A body that is too large is refused before the handler runs, but is noted as an attempt.
    errorHandler: (error, request, reply) => {
      if (!(error instanceof BodyTooLarge)) return void answerError(options, error, request, reply);
      const tooLarge = finding("protocol.payloadTooLarge", { values: { bytes: error.bytes } });
      sendReply(request, reply, requests.refuse(attemptFacts(request, context(request)), tooLarge));
    },
  });
  app.route({
    method: routes.operationStatus.method,
    url: routes.operationStatus.path,
    handler: async (request, reply) => {
      const about = context(request);
      const { operationId } = request.params as { operationId: string };
      const device = readDeviceRequest(request, about);
      const answer = await requests.operationStatus(attemptFacts(request, about), device, operationId);
      return sendReply(request, reply, answer);
    },
  });
  app.route({
    method: routes.lookUp.method,
    url: routes.lookUp.path,
    handler: async (request, reply) => {
      const about = context(request);
      const device = readDeviceRequest(request, about);
      const answer = await requests.lookUp(attemptFacts(request, about), device, bodyOf(request));
      return sendReply(request, reply, answer);
    },
  });
}

function contextReader({ clock, connectionOf }: DeviceApiOptions): (request: FastifyRequest) => RequestContext {
  const seen = new WeakSet<ClientConnection>();
  return (request) => {
    const connection = connectionOf(request.raw.socket);
    const isFirst = !seen.has(connection);
    seen.add(connection);
    return { clock, connection, isFirst };
  };
}

function bodyOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array();
}

function answerUnknown(options: DeviceApiOptions, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const about = { trackingId: randomUUID(), now: new Date(options.clock()) };
  const methods = allowedMethods(request.url, options.service ? ["device", "service"] : ["device"]);
  if (methods.length === 0) return sendError(request, reply, "routeNotFound", about);
  reply.header("allow", methods.join(", "));
  return sendError(request, reply, "methodNotAllowed", about);
}

function answerError(
  options: DeviceApiOptions,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const about = { trackingId: randomUUID(), now: new Date(options.clock()) };
  if (error instanceof BodyTooLarge) return sendError(request, reply, "payloadTooLarge", about);
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) {
    const message = error instanceof Error ? error.message : "";
    return sendError(request, reply, "badRequest", { ...about, message });
  }
  options.onFault?.(error, about.trackingId);
  return sendError(request, reply, "internal", { ...about, retryAfter: options.retryAfterSeconds });
}
