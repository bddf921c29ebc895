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

/** A request of the service API, read from HTTP; the operator applies its rules later. */
export interface ServiceCall {
  readonly kind: EnrollmentKind;
  /** Decoded; empty if the path has no id. */
  readonly id: string;
  readonly ifMatch: string | undefined;
  /**
   * True for `If-None-Match: *`: the write may create, but not replace. A Rollcall extension: no SDK sends it. Throws a
   * 400 for any other value.
   */
  mustBeAbsent(): boolean;
  readonly page: OperatorPage;
  /** The JSON of the body; undefined when it is blank. Throws a 400 when the body is not JSON. */
  body(): unknown;
}

/** The empty text and `query` appear in the place of an id, but are not ids (wire.md#service-routes). */
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

/** Refuses unknown conditions: if they were ignored, an existing record would be replaced. */
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
    // Not a number: NaN, which the operator refuses with the member's name.
    ...(size !== undefined && { limit: /^\d{1,15}$/.test(size.trim()) ? Number(size) : Number.NaN }),
    ...(after !== undefined && { after }),
  };
}

/** An empty header counts as absent. */
function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) || undefined;
}

function readJson({ body, headers }: FastifyRequest): unknown {
  const parsed = parseJson(body instanceof Uint8Array ? body : new Uint8Array());
  if (parsed.ok) return parsed.value;
  // The cloud's documentation sends `utf-8` in this header (wire.md#https-headers), which has no meaning.
  const encoding = headers["content-encoding"] ?? "";
  const hint = /gzip|deflate|br|compress|zstd/i.test(encoding) ? `; it has to come without Content-Encoding` : "";
  throw new DpsError("badRequest", `The body cannot be read: ${parsed.reason}${hint}.`);
}

/** Throws a 400 unless the query has a dated api-version (wire.md#api-versions). */
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
