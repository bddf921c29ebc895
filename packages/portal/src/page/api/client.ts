import type { Answer, AnswerRoute, ErrorBody } from "@rollcall/protocol";
import { formatPath, managementRoutes } from "@rollcall/protocol/routes";
import { operatorRoutes, serviceRoutes } from "@rollcall/protocol/service-routes";
import { forgetToken, token } from "./token.js";

/** What the service will not do, and why; or that it does not answer (`status` 0). */
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

/** Sends a request to the listener that this page came from. Throws ApiError, and AbortError when `signal` says so. */
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
  // Another one was given while this was on its way: nothing was done with the old one, and the new one is not refused.
  if (token.value !== undefined && token.value !== shown) return send(route, ask);
  forgetToken({ refused: true });
  throw new ApiError(
    401,
    "The portal has to be unlocked again, with the token of the service as it runs now. Then try again.",
  );
}

const routes: Readonly<Record<AnswerRoute, Route>> = { ...serviceRoutes, ...operatorRoutes, ...managementRoutes };

/** The JSON that a route answers. */
export async function ask<Name extends AnswerRoute>(name: Name, options?: Ask): Promise<Answer<Name>> {
  const response = await send(routes[name], options);
  // A cast: page and service are of one version, they come in one package.
  return (response.status === 204 ? undefined : await response.json()) as Answer<Name>;
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const usual = `The service answered ${response.status} ${response.statusText}`.trimEnd();
  try {
    // A cast: every member is looked at before it is used.
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return new ApiError(response.status, body?.message ?? usual, body ?? {});
  } catch {
    return new ApiError(response.status, usual);
  }
}

/** True when what was to be written over is another version by now, or gone. */
export function isStale(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412;
}

/** True when what was to be deleted is not there, or not any more. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** True for what an AbortController did. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** A sentence for whoever reads the page. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
