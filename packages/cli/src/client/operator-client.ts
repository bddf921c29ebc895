import {
  type Answer,
  type EnrolledMechanism,
  type EnrollmentKind,
  enrollmentKinds,
  formatPath,
  type JsonObject,
  type ListedDevice,
  limits,
  type OperatorRoute,
  operatorRoutes,
  type RegistrationState,
  SERVICE_API_VERSION,
  serviceRoutes,
} from "@rollcall/protocol";
import type { CliError } from "../terminal/cli-error.js";
import { type ManagementRequest, unexpectedAnswer } from "./management-client.js";
import type { RunningService } from "./running-service.js";
import { type Asked, refusal, refusalOf } from "./service-refusal.js";

/** The api-version that this client speaks to the service API. */
/**
 * Longer than the usual 5 s: a page of a thousand enrollments, or a request that also changes a hub, may take longer.
 */
const TIMEOUT_MS = 60_000;

/** The service API's routes for each kind of enrollment. */
const routesOf = {
  individual: {
    get: serviceRoutes.getEnrollment,
    put: serviceRoutes.putEnrollment,
    remove: serviceRoutes.deleteEnrollment,
    bulk: serviceRoutes.bulkEnrollments,
    list: "listEnrollments",
    mechanism: serviceRoutes.getEnrollmentMechanism,
  },
  group: {
    get: serviceRoutes.getGroup,
    put: serviceRoutes.putGroup,
    remove: serviceRoutes.deleteGroup,
    bulk: serviceRoutes.bulkGroups,
    list: "listGroups",
    mechanism: serviceRoutes.getGroupMechanism,
  },
} as const;

interface Route {
  readonly method: string;
  readonly path: string;
}

interface Call extends Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly ifMatch?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An enrollment of either kind, as the service returns it. */
export type EnrollmentAnswer = Answer<"getEnrollment"> | Answer<"getGroup">;

/** An entry of a bulk operation that was refused. */
export interface NotMade {
  readonly id: string;
  readonly error: CliError;
}

/** A page of a list, and the token that gets the next page. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/**
 * Client of the service API and of the operator routes of a running service; it authenticates with the management
 * token.
 */
export class OperatorClient {
  readonly service: RunningService;

  constructor(service: RunningService) {
    this.service = service;
  }

  async enrollment(kind: EnrollmentKind, id: string, asked: Asked = {}): Promise<EnrollmentAnswer> {
    return this.#object(routesOf[kind].get, { params: { id }, ...asked });
  }

  /** The attestation with its keys. */
  async mechanism(kind: EnrollmentKind, id: string, asked: Asked = {}): Promise<EnrolledMechanism> {
    return this.#object(routesOf[kind].mechanism, { params: { id }, ...asked });
  }

  /** Creates an enrollment and returns it as the service stored it. Throws when an enrollment with this id exists. */
  async createEnrollment(kind: EnrollmentKind, body: JsonObject, asked: Asked = {}): Promise<EnrollmentAnswer> {
    const [failed] = await this.createEnrollments(kind, [body], asked);
    if (failed) throw failed.error;
    return this.enrollment(kind, String(body[enrollmentKinds[kind].id]), asked);
  }

  /**
   * Creates at most `limits.bulkEntries` enrollments. Each one succeeds or fails by itself; returns those that failed.
   */
  async createEnrollments(kind: EnrollmentKind, bodies: readonly JsonObject[], asked: Asked = {}): Promise<NotMade[]> {
    const { collection, id } = enrollmentKinds[kind];
    const answer = await this.#send(routesOf[kind].bulk, { body: { mode: "create", [collection]: bodies }, ...asked });
    const { errors } = (await answer.json()) as Answer<"bulkEnrollments"> | Answer<"bulkGroups">;
    return errors.map(({ errorCode, errorStatus, ...error }) => {
      const subject = error[id as keyof typeof error]; // Entries of a bulk answer name the id by the kind's own member.
      const status = Math.floor(errorCode / 1000);
      return { id: subject, error: refusal({ status, message: errorStatus }, { ...asked, subject }) };
    });
  }

  /** Creates or replaces an enrollment; with `ifMatch`, replaces only the version with that ETag. */
  async putEnrollment(
    kind: EnrollmentKind,
    id: string,
    { body, ifMatch, ...asked }: Asked & { body: JsonObject; ifMatch?: string | undefined },
  ): Promise<EnrollmentAnswer> {
    return this.#object(routesOf[kind].put, { params: { id }, body, ifMatch, ...asked });
  }

  async deleteEnrollment(
    kind: EnrollmentKind,
    id: string,
    { ifMatch, ...asked }: Asked & { ifMatch?: string | undefined },
  ): Promise<void> {
    await this.#send(routesOf[kind].remove, { params: { id }, ifMatch, ...asked });
  }

  /**
   * Enrollments that a query chooses, all of them or the first `top`, each with what became of its registration. Not
   * the query of the service API: that one leaves registrations out, and answers a query with a slip in it with
   * everything.
   */
  enrollments(kind: EnrollmentKind, query: string, top: number | undefined): Promise<EnrollmentAnswer[]> {
    return this.operatorList<EnrollmentAnswer>(routesOf[kind].list, { query: { query } }, top);
  }

  registration(id: string, asked: Asked = {}): Promise<RegistrationState> {
    return this.#object(serviceRoutes.getRegistration, { params: { id }, ...asked });
  }

  registrations(group: string, top: number | undefined, asked: Asked = {}): Promise<RegistrationState[]> {
    const call = { params: { id: group }, ...asked };
    return collect(top, (after, size) => this.#page(serviceRoutes.queryRegistrations, call, after, size));
  }

  async deleteRegistration(id: string, { ifMatch, ...asked }: Asked & { ifMatch?: string | undefined }): Promise<void> {
    await this.#send(serviceRoutes.deleteRegistration, { params: { id }, ifMatch, ...asked });
  }

  /** Calls an operator route that answers with JSON, or with 204. */
  async operate<Route extends OperatorRoute>(route: Route, call: Call = {}): Promise<Answer<Route>> {
    const response = await this.#send(operatorRoutes[route], call);
    // The service has the same version as this client, since one package contains both.
    return (response.status === 204 ? undefined : await response.json()) as Answer<Route>;
  }

  /** All items of an operator route that returns a list, or the first `top` of them. */
  operatorList<Item = ListedDevice>(
    route: "listDevices" | "listEnrollments" | "listGroups",
    call: Call,
    top: number | undefined,
  ): Promise<Item[]> {
    return collect(top, async (after, size) => {
      const query = { ...call.query, after, limit: String(size) };
      // A cast: what a route lists is said by the caller, who names both.
      const { items, next } = (await this.operate(route, { ...call, query })) as Page<Item>;
      return { items, next };
    });
  }

  async #object<T>(route: Route, call: Call): Promise<T> {
    // The service has the same version as this client, since one package contains both.
    return (await (await this.#send(route, call)).json()) as T;
  }

  async #page<Item>(route: Route, call: Call, after: string | undefined, size: number): Promise<Page<Item>> {
    const headers = { "x-ms-max-item-count": String(size), ...(after !== undefined && { "x-ms-continuation": after }) };
    const response = await this.#send(route, { ...call, headers });
    const items = (await response.json()) as readonly Item[];
    return { items, next: response.headers.get("x-ms-continuation") ?? undefined };
  }

  async #send(route: Route, call: Call): Promise<Response> {
    const { params = {}, query = {}, ifMatch, headers = {}, body } = call;
    const search = new URLSearchParams({ "api-version": SERVICE_API_VERSION });
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
    const request: ManagementRequest = {
      method: route.method,
      timeoutMs: TIMEOUT_MS,
      headers: {
        ...headers,
        ...(ifMatch !== undefined && { "if-match": ifMatch }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const response = await this.service.send(`${formatPath(route.path, params)}?${search}`, request);
    if (response.status === 401) throw unexpectedAnswer(response);
    if (!response.ok) throw await refusalOf(response, call);
    return response;
  }
}

/** Reads page after page until it has `top` items or the last page. */
async function collect<Item>(
  top: number | undefined,
  page: (after: string | undefined, size: number) => Promise<Page<Item>>,
): Promise<Item[]> {
  const all: Item[] = [];
  let after: string | undefined;
  do {
    const wanted = (top ?? Number.POSITIVE_INFINITY) - all.length;
    const { items, next } = await page(after, Math.min(wanted, limits.pageItems.max));
    all.push(...items.slice(0, wanted));
    after = next;
  } while (after !== undefined && all.length < (top ?? Number.POSITIVE_INFINITY));
  return all;
}
