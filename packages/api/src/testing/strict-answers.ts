import {
  type AnswerContract,
  type AnswerRoute,
  answers,
  errorAnswer,
  managementRoutes,
  operatorRoutes,
  serviceRoutes,
} from "@rollcall/protocol";

/** An answer of the service API, the operator's API or the management API, as a test received it. */
export interface GivenAnswer {
  readonly method: string;
  /** Path, or whole address. */
  readonly url: string;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
}

const routes = Object.entries({ ...serviceRoutes, ...operatorRoutes, ...managementRoutes }).map(
  ([name, { method, path }]) => ({ name: name as AnswerRoute, method, segments: path.toLowerCase().split("/") }),
);

/** The route of a request: a fixed segment takes precedence over a parameter. */
function routeOf(method: string, url: string): AnswerRoute | undefined {
  const { pathname } = new URL(url, "http://127.0.0.1");
  const asked = pathname
    .toLowerCase()
    .replace(/(.)\/$/, "$1")
    .split("/");
  const fits = ({ segments, ...row }: (typeof routes)[number]) =>
    row.method === method &&
    segments.length === asked.length &&
    segments.every((segment, index) => segment.startsWith(":") || segment === asked[index]);
  const names = ({ segments }: (typeof routes)[number]) => segments.filter((segment) => segment.startsWith(":")).length;
  return routes.filter(fits).toSorted((a, b) => names(a) - names(b))[0]?.name;
}

/**
 * Checks an answer by the contract of its route: status, content type and, strictly, every member. Throws Error that
 * names the route and the difference. Ignores answers to requests that match no route.
 */
export function checkAnswer(given: GivenAnswer): void {
  const route = routeOf(given.method.toUpperCase(), given.url);
  if (route === undefined) return;
  const problem = problemOf(given, answers[route]);
  if (problem !== undefined) {
    throw new Error(`${given.method} ${given.url} (${route}) answered ${given.status}: ${problem}\n${given.text}`);
  }
}

function problemOf(given: GivenAnswer, contract: AnswerContract): string | undefined {
  const { status, text } = given;
  const type = given.contentType?.split(";")[0];
  if (status >= 400) return type === "application/json" ? misfit(errorAnswer, text) : plainRefusal(status, type);
  if (status !== contract.status) return `the contract says ${contract.status}`;
  if (type !== contract.type) return `the contract says ${contract.type ?? "no content"}, and this is ${type}`;
  if (contract.schema) return misfit(contract.schema, text);
  return contract.type === undefined && text !== "" ? "the contract says no content" : undefined;
}

/** `GET /readyz` answers in plain text when the service is not ready yet. */
const plainRefusal = (status: number, type: string | undefined) =>
  status === 503 && type === "text/plain" ? undefined : "a refusal has a JSON body";

function misfit(schema: NonNullable<AnswerContract["schema"]>, text: string): string | undefined {
  const { error } = schema.safeParse(JSON.parse(text));
  return error?.issues.map(({ path, message }) => `${path.map(String).join(".") || "(whole)"}: ${message}`).join("; ");
}

/** A `fetch` that checks the answers; streams are passed on unchecked. */
export async function checkedFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(input, init);
  await checkResponse(response, String(input), init.method);
  return response;
}

/** A `fetch` for code that swallows errors: answers are checked, and `throwMisfit` throws the first mismatch. */
export function answerChecker(plainFetch: typeof fetch): { fetch: typeof fetch; throwMisfit(): void } {
  let misfit: unknown;
  return {
    async fetch(input, init) {
      const response = await plainFetch(input, init);
      const url = input instanceof Request ? input.url : String(input);
      await checkResponse(response, url, init?.method).catch((fault: unknown) => {
        misfit ??= fault;
      });
      return response;
    },
    throwMisfit() {
      const fault = misfit;
      misfit = undefined;
      if (fault !== undefined) throw fault;
    },
  };
}

async function checkResponse(response: Response, url: string, method = "GET"): Promise<void> {
  const contentType = response.headers.get("content-type") ?? undefined;
  const isStream = /event-stream|ndjson/.test(contentType ?? "");
  const text = isStream ? "" : await response.clone().text();
  checkAnswer({ method, url, status: response.status, contentType, text });
}
