import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AttemptLog, Clock, Operator } from "@rollcall/engine";
import { type Answer, type DeviceCredentials, managementRoutes, type ServiceInfo } from "@rollcall/protocol";
import { type FastifyInstance, fastify } from "fastify";
import { addApiDocs } from "./api-docs.js";
import { AttemptEvents } from "./attempt-events.js";
import { addAttemptRoutes } from "./attempt-routes.js";
import { isLocalHost } from "./local-host.js";
import { addOperatorRoutes } from "./management-operator-routes.js";
import { allowedMethods } from "./methods.js";
import type { OperatorParts } from "./operator-parts.js";
import { bearerCheck, isForeignWrite, ownersOnly } from "./owner.js";
import { addPortalFiles } from "./portal-files.js";
import { type Refuse, sendError } from "./send-reply.js";
import { addServiceRoutes } from "./service-api.js";

export interface ManagementApiOptions {
  readonly attempts: AttemptLog;
  readonly clock: Clock;
  /** Serves the service API here, too, for holders of the token; absent: not served. */
  readonly operator?: Operator;
  /** Port of the listener; read with every request, since it may be known only after listening. */
  port(): number;
  /**
   * The content of `rollcall info`; undefined until every port is open. For holders of the token only, since it
   * contains the connection string.
   */
  info(): ServiceInfo | undefined;
  /** The CA certificate that devices have to trust, PEM. */
  ca(): string;
  /** The enrollments by which a device could register, with its key, for `rollcall env`. For holders of the token. */
  credentials(registrationId: string): Promise<readonly DeviceCredentials[]>;
  ready(): boolean;
  /** Called after the answer to `POST /stop` was sent. */
  stop(): void;
  /** Expected as `Authorization: Bearer {token}`. */
  readonly token: string;
  /** The parts that the operators' routes need, together with `operator`. */
  readonly parts?: OperatorParts;
  /** Folder of the built portal. */
  readonly portalFolder?: string | undefined;
  onFault?(fault: unknown, trackingId: string): void;
}

/** The plain-HTTP API behind the dashboard: health, attempts with their findings, and the request to stop. */
export interface ManagementApi {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Also ends the streams of events, which would outlast the service otherwise. */
  close(): Promise<void>;
}

/** Makes the management API for servers that belong to the caller and listen on loopback only. */
export async function createManagementApi(options: ManagementApiOptions): Promise<ManagementApi> {
  const refuse = refuser(options.clock);
  const app = fastify({
    exposeHeadRoutes: true,
    return503OnClosing: false,
    // Registration ids have up to 128 characters; the default limit of the router is 100.
    routerOptions: { caseSensitive: false, maxParamLength: 1024 },
    frameworkErrors: (_error, request, reply) => void refuse(request, reply, "badRequest"),
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    if (!isLocalHost(request.headers.host, options.port())) {
      const remedy = "Open this page under a loopback name or address and the port of the listener.";
      return refuse(request, reply, "notLocal", remedy);
    }
    if (isForeignWrite(request))
      return refuse(request, reply, "notLocal", "Pages of other origins may not change anything here.");
    return undefined;
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = allowedMethods(request.url, [
      "management",
      ...(options.operator ? (["service"] as const) : []),
      ...(options.operator && options.parts ? (["operator"] as const) : []),
    ]);
    if (methods.length === 0) return refuse(request, reply, "routeNotFound");
    return refuse(request, reply.header("allow", methods.join(", ")), "methodNotAllowed");
  });
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof Error && "statusCode" in error && Number(error.statusCode) < 500) {
      return refuse(request, reply, "badRequest", error.message);
    }
    options.onFault?.(error, request.id);
    return refuse(request, reply, "internal");
  });
  addOpenRoutes(app, options, refuse);
  addOwnerRoutes(app, options, refuse);
  const events = new AttemptEvents(options.attempts);
  addAttemptRoutes(app, { attempts: options.attempts, events, isOwner: bearerCheck(options.token), refuse });
  addApiDocs(app);
  addPortalFiles(app, options.portalFolder);
  const { operator, parts } = options;
  if (operator) {
    addServiceRoutes(app, { ...options, operator, authorize: ownersOnly(options.token), needsApiVersion: false });
    if (parts) addOperatorRoutes(app, { ...options, operator, parts });
  }
  await app.ready();
  return {
    handler: (request, response) => app.routing(request, response),
    close: async () => {
      events.close();
      await app.close();
    },
  };
}

/** The routes for everybody on this machine: none of their answers is a secret. */
function addOpenRoutes(app: FastifyInstance, options: ManagementApiOptions, refuse: Refuse): void {
  const { attempts, ready } = options;
  app.get(managementRoutes.health.path, (_request, reply) => reply.type("text/plain; charset=utf-8").send("ok"));
  app.get(managementRoutes.ready.path, (_request, reply) => {
    const isReady = ready();
    return reply
      .code(isReady ? 200 : 503)
      .type("text/plain; charset=utf-8")
      .send(isReady ? "ready" : "starting");
  });
  app.get(managementRoutes.ca.path, (_request, reply) =>
    reply
      .type("application/x-pem-file")
      .header("content-disposition", 'attachment; filename="rollcall-ca.pem"')
      .send(options.ca()),
  );
  app.get<{ Params: { id: string } }>(managementRoutes.attempt.path, (request, reply) => {
    const record = attempts.find(request.params.id);
    if (record) return reply.send(record);
    return refuse(request, reply, "routeNotFound", "There is no attempt with this tracking id or registration id.");
  });
}

function addOwnerRoutes(app: FastifyInstance, options: ManagementApiOptions, refuse: Refuse): void {
  const isOwner = bearerCheck(options.token);
  app.get(managementRoutes.info.path, (request, reply) => {
    if (!isOwner(request)) return refuse(request, reply, "unauthorized");
    return reply.send(options.info());
  });
  app.get<{ Params: { registrationId: string } }>(managementRoutes.credentials.path, async (request, reply) => {
    if (!isOwner(request)) return refuse(request, reply, "unauthorized");
    return reply.send(await options.credentials(request.params.registrationId));
  });
  app.post(managementRoutes.stop.path, (request, reply) => {
    if (request.headers.origin !== undefined)
      return refuse(request, reply, "notLocal", "Pages may not stop the service.");
    if (!isOwner(request)) return refuse(request, reply, "unauthorized");
    reply.raw.once("finish", () => options.stop());
    return reply.code(202).send({ stopping: true } satisfies Answer<"stop">);
  });
}

function refuser(clock: Clock): Refuse {
  return (request, reply, kind, message) => {
    const about = { trackingId: randomUUID(), now: new Date(clock()) };
    return sendError(request, reply, kind, { ...about, ...(message !== undefined && { message }) });
  };
}
