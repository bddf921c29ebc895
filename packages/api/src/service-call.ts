import type { OperatorPage } from "@rollcall/engine";
import {
  DpsError,
  decodeOnce,
  type EnrollmentKind,
  judgeApiVersion,
  parseJson,
  rawQuery,
  SERVICE_API_VERSION,
  type ServiceRoute,
  serviceRoutes,
} from "@rollcall/protocol";
import type { FastifyRequest } from "fastify";

/** What a request of the service API asks for, read from HTTP; nothing is judged by the operator's rules here. */
export interface ServiceCall {
  readonly kind: EnrollmentKind;
  /** Decoded; empty where the path has none. */
  readonly id: string;
  readonly ifMatch: string | undefined;
  /** `If-None-Match: *`: the write is to create and not to replace. Ours: no SDK sends it. Throws a 400 for any other. */
  mustBeAbsent(): boolean;
  readonly page: OperatorPage;
  /** The JSON of the body; undefined when it is blank. Throws a 400 for what is none. */
  body(): unknown;
}

/** `query` and nothing at all stand where ids stand, and are none (wire.md#service-routes). */
export function isReservedId(id: string): boolean {
  return id === "" || id.toLowerCase() === "query";
}

/** Reads a request. */
export function readServiceCall(route: ServiceRoute, request: FastifyRequest): ServiceCall {
  const row = serviceRoutes[route];
  const { id = "" } = request.params as { id?: string };
  return {
    kind: "kind" in row ? row.kind : "individual",
    id,
    ifMatch: header(request, "if-match"),
    mustBeAbsent: () => asksForAbsence(request),
    page: readPage(request),
    body: () => readJson(request),
  };
}

/** A condition that is not understood would not be held, and what is there be replaced. */
function asksForAbsence(request: FastifyRequest): boolean {
  const condition = header(request, "if-none-match");
  if (condition === undefined) return false;
  if (condition.trim() === "*") return true;
  throw new DpsError("badRequest", "if-none-match: must be *, which creates and never replaces.", {
    info: { path: "if-none-match" },
  });
}

function readPage(request: FastifyRequest): OperatorPage {
  const size = header(request, "x-ms-max-item-count");
  const after = header(request, "x-ms-continuation");
  return {
    // What is no number is refused by the operator, with the member's name.
    ...(size !== undefined && { limit: /^\d{1,15}$/.test(size.trim()) ? Number(size) : Number.NaN }),
    ...(after !== undefined && { after }),
  };
}

/** Absent and empty are the same. */
function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) || undefined;
}

function readJson({ body, headers }: FastifyRequest): unknown {
  const parsed = parseJson(body instanceof Uint8Array ? body : new Uint8Array());
  if (parsed.ok) return parsed.value;
  // `utf-8` stands there in the cloud's documentation (wire.md#https-headers) and says nothing.
  const encoding = headers["content-encoding"] ?? "";
  const hint = /gzip|deflate|br|compress|zstd/i.test(encoding) ? `; it has to come without Content-Encoding` : "";
  throw new DpsError("badRequest", `The body cannot be read: ${parsed.reason}${hint}.`);
}

/** Throws a 400 unless the query names a dated api-version (wire.md#api-versions). */
export function checkApiVersion(url: string): void {
  const start = url.indexOf("?");
  let found: string | undefined;
  for (const [name, value] of start < 0 ? [] : rawQuery(url.slice(start + 1))) {
    if (name.toLowerCase() === "api-version") found ??= decodeOnce(value) ?? value;
  }
  const verdict = judgeApiVersion(found);
  if (verdict === "known" || verdict === "newer") return;
  const said = verdict === "missing" ? "is missing" : "is not a version";
  throw new DpsError("badRequest", `api-version ${said}; write ?api-version=${SERVICE_API_VERSION}, for one`, {
    info: { path: "api-version" },
  });
}
