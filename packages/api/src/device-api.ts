import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Attempt, type AttemptLog, type Clock, type DeviceRequest, type Engine } from "@rollcall/engine";
import { type ClientConnection, errorBody, finding, type Reply, routes } from "@rollcall/protocol";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { attemptFacts, keepRefusal, noteRefusal, type RequestContext, readDeviceRequest } from "./device-request.js";
import { allowedMethods } from "./methods.js";
import { OpenOperations } from "./open-operations.js";
import { BodyTooLarge, readBody } from "./read-body.js";
import { sendError, sendReply } from "./send-reply.js";
import { addServiceRoutes, type ServiceRoutesOptions } from "./service-api.js";

export interface DeviceApiOptions {
  readonly engine: Engine;
  readonly attempts: AttemptLog;
  readonly clock: Clock;
  /** How long a device is told to wait when we failed. */
  readonly retryAfterSeconds: number;
  /** What the listener knows of the socket that a request came over. */
  connectionOf(socket: Socket): ClientConnection;
  /** The service API on the same server; absent: devices only. */
  readonly service?: Pick<ServiceRoutesOptions, "operator" | "authorize">;
  /** Told of faults of ours, with the tracking id that the client was given. */
  onFault?(fault: unknown, trackingId: string): void;
}

/**
 * The HTTPS device API (wire.md#https), with the service API beside it (wire.md#service-api), for any number of servers
 * that the caller owns.
 */
export interface DeviceApi {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** Makes the device API: it parses, asks the engine once and formats. */
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
      // Bodies are bytes whatever they are called: "utf-8" or "JSON" as Content-Type must not cost a device its registration.
      delete request.headers["content-type"];
      app.routing(request, response);
    },
    close: async () => {
      await app.close();
    },
  };
}

function addRoutes(app: FastifyInstance, options: DeviceApiOptions): void {
  const { engine, attempts } = options;
  const context = contextReader(options);
  const operations = new OpenOperations();

  app.route({
    method: routes.register.method,
    url: routes.register.path,
    handler: async (request, reply) => {
      const about = context(request);
      const attempt = attempts.begin(attemptFacts(request, about));
      const device = readDeviceRequest(request, about, attempt);
      const answer = await orFault(options, attempt, () => engine.register({ ...device, body: bodyOf(request) }));
      operations.opened(attempt, answer);
      return sendReply(request, reply, answer);
    },
    // A body that is too large is refused before the handler runs, and is an attempt all the same.
    errorHandler: (error, request, reply) => {
      if (!(error instanceof BodyTooLarge)) return void answerError(options, error, request, reply);
      const attempt = attempts.begin(attemptFacts(request, context(request)));
      const body = errorBody("payloadTooLarge", { trackingId: attempt.trackingId, now: new Date(options.clock()) });
      const answer = { status: 413, trackingId: attempt.trackingId, body };
      noteRefusal(attempt, answer, finding("protocol.payloadTooLarge", { values: { bytes: error.bytes } }));
      sendReply(request, reply, answer);
    },
  });

  const quietly = async (
    request: FastifyRequest,
    reply: FastifyReply,
    ask: (device: DeviceRequest) => Promise<Reply>,
  ) => {
    const about = context(request);
    const attempt = new Attempt(attemptFacts(request, about), options.clock);
    const answer = await orFault(options, attempt, () => ask(readDeviceRequest(request, about, attempt)));
    operations.polled(attempt, answer);
    return sendReply(request, reply, answer.status < 400 ? answer : keepRefusal(about, attempt, answer));
  };
  app.route({
    method: routes.operationStatus.method,
    url: routes.operationStatus.path,
    handler: (request, reply) => {
      const { operationId } = request.params as { operationId: string };
      return quietly(request, reply, (device) => engine.operationStatus({ ...device, operationId }));
    },
  });
  app.route({
    method: routes.lookUp.method,
    url: routes.lookUp.path,
    handler: (request, reply) =>
      quietly(request, reply, (device) => engine.lookUp({ ...device, body: bodyOf(request) })),
  });
}

/** The engine's answer; a fault of ours becomes a 500 that the device's attempt explains. */
async function orFault(options: DeviceApiOptions, attempt: Attempt, ask: () => Promise<Reply>): Promise<Reply> {
  try {
    return await ask();
  } catch (fault) {
    const { trackingId } = attempt;
    options.onFault?.(fault, trackingId);
    const body = errorBody("internal", { trackingId, now: new Date(options.clock()) });
    const answer = { status: 500, trackingId, body, retryAfter: options.retryAfterSeconds };
    noteRefusal(attempt, answer, finding("service.internal", { values: { trackingId } }));
    return answer;
  }
}

function contextReader({
  attempts,
  clock,
  connectionOf,
}: DeviceApiOptions): (request: FastifyRequest) => RequestContext {
  const seen = new WeakSet<ClientConnection>();
  return (request) => {
    const connection = connectionOf(request.raw.socket);
    const isFirst = !seen.has(connection);
    seen.add(connection);
    return { attempts, clock, connection, isFirst };
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
