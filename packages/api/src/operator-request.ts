import type { Readable } from "node:stream";
import { DpsError, limits, parseJson } from "@rollcall/protocol";
import type { FastifyRequest } from "fastify";
import { BodyTooLarge, readBody } from "./read-body.js";

/** The parsed JSON of a body; undefined for a blank body. Throws DpsError. */
export async function jsonBody(request: FastifyRequest): Promise<unknown> {
  const bytes = await bodyBytes(request);
  const json = parseJson(bytes);
  if (json.ok) return json.value;
  throw new DpsError("badRequest", `The body is not JSON: ${json.reason}.`);
}

async function bodyBytes(request: FastifyRequest): Promise<Buffer> {
  // The parser of these routes passes the stream on; it is undefined for a request without a body.
  const stream = request.body as Readable | undefined;
  if (!stream) return Buffer.alloc(0);
  try {
    return await readBody(stream);
  } catch (cause) {
    if (!(cause instanceof BodyTooLarge)) throw cause;
    throw new DpsError("payloadTooLarge", `The body is larger than ${limits.messageBytes / 1024} KB.`, { cause });
  }
}

/** A member of the path. */
export function pathText(request: FastifyRequest, name: string): string {
  return String((request.params as Readonly<Record<string, unknown>>)[name] ?? "");
}

/** A parameter of the query; undefined when it is absent or empty. Throws DpsError when it appears twice. */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return value;
  throw new DpsError("badRequest", `${name}: appears in the query more than once.`, { info: { path: name } });
}

/** True for `true` and for a name without a value. Throws DpsError for other values than true and false. */
export function queryFlag(request: FastifyRequest, name: string): boolean {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  if (value === undefined || value === "false") return false;
  if (value === "true" || value === "") return true;
  throw new DpsError("badRequest", `${name}: must be true or false.`, { info: { path: name } });
}

/** The number of entries of a page. Throws DpsError. */
export function pageLimit(request: FastifyRequest): number {
  const { usual, max } = limits.pageItems;
  const text = queryText(request, "limit");
  if (text === undefined) return usual;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= max) return limit;
  throw new DpsError("badRequest", `limit: must be a number from 1 to ${max}.`, { info: { path: "limit" } });
}

/** The text of `If-Match`; an empty header counts as absent, as in the service API. */
export function ifMatchOf(request: FastifyRequest): string | undefined {
  return request.headers["if-match"] || undefined;
}
