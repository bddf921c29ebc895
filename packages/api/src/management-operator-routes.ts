import { randomUUID } from "node:crypto";
import {
  type Clock,
  type EnrollmentStatus,
  inspectCertificate,
  inspectEndorsementKey,
  type Operator,
  storeTrouble,
} from "@rollcall/engine";
import { DpsError, type EnrollmentKind, operatorRoutes } from "@rollcall/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addCertificateRoutes } from "./operator-certificate-routes.js";
import { addHubRoutes } from "./operator-hub-routes.js";
import type { OperatorParts } from "./operator-parts.js";
import { jsonBody, pageLimit, queryText } from "./operator-request.js";
import { addTransferRoutes } from "./operator-transfer-routes.js";
import { ownersOnly } from "./owner.js";
import { sendError } from "./send-reply.js";

export interface OperatorRoutesOptions {
  readonly clock: Clock;
  readonly token: string;
  readonly operator: Operator;
  readonly parts: OperatorParts;
  onFault?(fault: unknown, trackingId: string): void;
}

/** Adds the operators' routes besides the service API (`operatorRoutes`), for holders of the management token. */
export function addOperatorRoutes(app: FastifyInstance, options: OperatorRoutesOptions): void {
  const { parts } = options;
  // A scope of its own, in which bodies are streams whatever their type.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    const check = ownersOnly(options.token);
    scope.addHook("onRequest", async (request) => check(request));
    scope.setErrorHandler((error, request, reply) => void answerError(error, request, reply, options));
    addEnrollmentLists(scope, options.operator);
    addCertificateRoutes(scope, parts.certificates);
    addHubRoutes(scope, parts);
    addTransferRoutes(scope, parts, options.clock);
    scope.post(operatorRoutes.inspectCertificate.path, async (request) => inspectCertificate(await jsonBody(request)));
    scope.post(operatorRoutes.inspectEndorsementKey.path, async (request) =>
      inspectEndorsementKey(await jsonBody(request)),
    );
  });
}

function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { clock, onFault }: OperatorRoutesOptions,
): FastifyReply {
  const about = { trackingId: randomUUID(), now: new Date(clock()) };
  if (error instanceof DpsError) {
    const { kind, message, info } = error;
    if (kind === "internal") onFault?.(error, about.trackingId);
    return sendError(request, reply, kind, { ...about, message, ...(info && { info }) });
  }
  if (error instanceof Error && "statusCode" in error && Number(error.statusCode) < 500) {
    return sendError(request, reply, "badRequest", { ...about, message: error.message });
  }
  onFault?.(error, about.trackingId);
  const trouble = storeTrouble(error);
  const message = trouble && `${trouble.problem}: ${trouble.next}`;
  return sendError(request, reply, "internal", { ...about, ...(message !== undefined && { message }) });
}

function addEnrollmentLists(scope: FastifyInstance, operator: Operator): void {
  scope.get(operatorRoutes.counts.path, () => operator.counts());
  const list = (kind: EnrollmentKind) => async (request: FastifyRequest) => {
    const status = statusOf(request);
    const search = queryText(request, "search");
    const query = queryText(request, "query");
    const after = queryText(request, "after");
    if (query !== undefined && (search !== undefined || status !== undefined)) {
      throw new DpsError("badRequest", "query: takes the place of search and status.", { info: { path: "query" } });
    }
    const filter = {
      ...(search !== undefined && { search }),
      ...(status !== undefined && { status }),
      ...(query !== undefined && { query }),
    };
    return operator.list(kind, filter, { limit: pageLimit(request), ...(after !== undefined && { after }) });
  };
  scope.get(operatorRoutes.listEnrollments.path, list("individual"));
  scope.get(operatorRoutes.listGroups.path, list("group"));
  scope.get(operatorRoutes.ignoredQueries.path, async () => operator.ignoredQueries());
}

function statusOf(request: FastifyRequest): EnrollmentStatus | undefined {
  const status = queryText(request, "status");
  if (status === undefined || status === "enabled" || status === "disabled") return status;
  throw new DpsError("badRequest", "status: must be enabled or disabled.", { info: { path: "status" } });
}
