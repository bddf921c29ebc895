import {
  type BodySchemaName,
  bodyJsonSchemas,
  type EnrollmentKind,
  managementRoutes,
  operatorRoutes,
  SERVICE_API_VERSION,
  type ServiceRoute,
  serviceRoutes,
} from "@rollcall/protocol";

/** A route of any table, as the document needs it. */
interface DocumentedRoute {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly needsToken: boolean;
  readonly body?: BodySchemaName | "any";
  readonly headers?: readonly (keyof typeof headerTexts)[];
  readonly isEmpty?: boolean;
}

const headerTexts = {
  "if-match": "The etag that it has to have; `*`: any",
  "if-none-match": "`*`: create, and replace nothing (ours)",
  "x-ms-max-item-count": "Entries of a page",
  "x-ms-continuation": "What the page before gave",
} as const;

const bodyOf: Readonly<Record<string, Readonly<Record<EnrollmentKind, BodySchemaName>>>> = {
  put: { individual: "IndividualEnrollment", group: "EnrollmentGroup" },
  bulk: { individual: "BulkEnrollmentOperation", group: "BulkEnrollmentGroupOperation" },
  query: { individual: "QuerySpecification", group: "QuerySpecification" },
};

function serviceRoute(name: ServiceRoute): DocumentedRoute {
  const row = serviceRoutes[name];
  const verb = /^[a-z]+/.exec(name)?.[0] ?? "";
  const body = "kind" in row ? bodyOf[verb]?.[row.kind] : undefined;
  return {
    name,
    method: row.method,
    path: row.path,
    tag: "Service API",
    needsToken: true,
    ...(body && { body }),
    ...(row.method === "PUT" && { headers: ["if-match" as const, "if-none-match" as const] }),
    ...(row.method === "DELETE" && { headers: ["if-match" as const] }),
    ...(verb === "query" && { headers: ["x-ms-max-item-count" as const, "x-ms-continuation" as const] }),
    ...(row.method === "DELETE" && { isEmpty: true }),
  };
}

const openRoutes: ReadonlySet<string> = new Set(["health", "ready", "attempt", "ca"]);

function allRoutes(): readonly DocumentedRoute[] {
  const own = (table: Readonly<Record<string, { method: string; path: string }>>, tag: string) =>
    Object.entries(table).map(([name, { method, path }]) => {
      const needsToken = !openRoutes.has(name);
      const hasBody = method !== "GET" && method !== "DELETE";
      return { name, method, path, tag, needsToken, ...(hasBody && { body: "any" as const }) };
    });
  return [
    ...(Object.keys(serviceRoutes) as ServiceRoute[]).map(serviceRoute),
    ...own(operatorRoutes, "Operator"),
    ...own(managementRoutes, "Management"),
  ];
}

/** `getEnrollmentMechanism` → `Get enrollment mechanism`. */
function words(name: string): string {
  const text = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}

const json = (schema: unknown) => ({ "application/json": { schema } });
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function operation(route: DocumentedRoute): unknown {
  const { name, path, tag, body, headers = [], isEmpty, needsToken } = route;
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1]);
  const text = { type: "string" };
  const parameters = [
    ...names.map((parameter) => ({ name: parameter, in: "path", required: true, schema: text })),
    ...headers.map((header) => ({ name: header, in: "header", description: headerTexts[header], schema: text })),
  ];
  const content = body === "any" ? json({}) : json(reference(body ?? ""));
  return {
    operationId: name,
    summary: words(name),
    tags: [tag],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: body !== "any", content } }),
    responses: {
      ...(isEmpty ? { 204: { description: "Done" } } : { 200: { description: "OK", content: json({}) } }),
      default: { description: "Refused; the body says why", content: json(reference("Error")) },
    },
    security: needsToken ? [{ managementToken: [] }] : [],
  };
}

const errorSchema = {
  type: "object",
  required: ["errorCode", "trackingId", "message", "timestampUtc"],
  properties: {
    errorCode: { type: "integer" },
    trackingId: { type: "string" },
    message: { type: "string" },
    timestampUtc: { type: "string", format: "date-time" },
    info: {
      type: "object",
      description: "`path` of the offending member, `position` in a query",
      additionalProperties: { type: "string" },
    },
  },
};

/** The OpenAPI document of the dashboard listener, made from the tables of routes and what checks their bodies. */
export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of allRoutes()) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    const item = paths[path] ?? {};
    paths[path] = item;
    item[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Rollcall",
      version: SERVICE_API_VERSION,
      description:
        "The service API as the official SDKs speak it, here for holders of the management token (rollcall info portalUrl prints it behind token=), and what the portal and the command line use besides.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { ...bodyJsonSchemas(), Error: errorSchema },
      securitySchemes: { managementToken: { type: "http", scheme: "bearer" } },
    },
  };
}
