import type { Answer, AnswerRoute, ErrorBody } from "@rollcall/protocol";
import { formatPath, managementRoutes } from "@rollcall/protocol/routes";
import { operatorRoutes, serviceRoutes } from "@rollcall/protocol/service-routes";
import { forgetToken, token } from "./token.js";

/** A refusal of the service with its reason; `status` 0 when the service does not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly info: Readonly<Record<string, string>>;
  readonly trackingId: string | undefined;
  constructor(status: number, message: string, about: Partial<ErrorBody> = {}) {
    super(message);
    this.status = status;
    this.info = about.info ?? {};
    this.trackingId = about.trackingId;
  }
}

/** A row of one of the route tables. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

export interface Ask {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request to the listener that served this page. Throws ApiError, and AbortError when `signal` is aborted. */
export async function send(route: Route, ask: Ask = {}): Promise<Response> {
  const { params = {}, query = {}, body, headers = {}, signal } = ask;
  const given = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  const url = formatPath(route.path, params) + (search && `?${search}`);
  const shown = token.value;
  const response = await fetch(url, {
    method: route.method,
    headers: {
      authorization: `Bearer ${shown ?? ""}`,
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, "The service does not answer. Is it still running? rollcall start starts it again.");
  });
  if (response.ok) return response;
  const error = await readError(response);
  if (response.status !== 401) throw error;
  // The user entered another token while this request was running. It did nothing with the old token, so send it again.
  if (token.value !== undefined && token.value !== shown) return send(route, ask);
  forgetToken({ refused: true });
  throw new ApiError(401, "Unlock the portal again with the token of the service that runs now, then try again.");
}

const routes: Readonly<Record<AnswerRoute, Route>> = { ...serviceRoutes, ...operatorRoutes, ...managementRoutes };

/** Calls a route and returns the JSON of its answer. */
export async function ask<Name extends AnswerRoute>(name: Name, options?: Ask): Promise<Answer<Name>> {
  const response = await send(routes[name], options);
  // A cast: page and service have the same version, since one package contains both.
  return (response.status === 204 ? undefined : await response.json()) as Answer<Name>;
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const usual = `The service answered ${response.status} ${response.statusText}`.trimEnd();
  try {
    // A cast: every member is checked before it is used.
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return new ApiError(response.status, body?.message ?? usual, body ?? {});
  } catch {
    return new ApiError(response.status, usual);
  }
}

/** True when the resource was changed or deleted after it was read (412). */
export function isStale(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412;
}

/** True when the resource does not exist (404). */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** True for the error of an aborted request. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The error as a sentence for the user. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
