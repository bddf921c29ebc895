import {
  type AnswerContract,
  type AnswerRoute,
  type ApiJsonSchemas,
  answers,
  apiJsonSchemas,
  idPattern,
  type JsonObject,
  managementRoutes,
  operatorRoutes,
  SERVICE_API_VERSION,
  serviceRoutes,
} from "@rollcall/protocol";
import {
  type DescribedOperation,
  describedOperation,
  headerParameters,
  queryParameters,
} from "./openapi-operations.js";

interface DocumentedRoute {
  readonly name: AnswerRoute;
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly needsToken: boolean;
  readonly described: DescribedOperation;
}

const openRoutes: ReadonlySet<string> = new Set(["health", "ready", "attempt", "ca"]);

function allRoutes(): readonly DocumentedRoute[] {
  const table = <N extends AnswerRoute>(
    rows: Readonly<Record<N, { readonly method: string; readonly path: string }>>,
    tag: string,
  ) =>
    (Object.keys(rows) as N[]).map((name) => {
      const { method, path } = rows[name];
      return { name, method, path, tag, needsToken: !openRoutes.has(name), described: describedOperation(name) };
    });
  return [
    ...table(serviceRoutes, "Service API"),
    ...table(operatorRoutes, "Operator"),
    ...table(managementRoutes, "Management"),
  ];
}

/** `getEnrollmentMechanism` → `Get enrollment mechanism`. */
function words(name: string): string {
  const text = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}

const content = (type: string, schema: JsonObject): JsonObject => ({ [type]: { schema } });
function bodyOf({ type, schema, alsoType }: NonNullable<DescribedOperation["body"]>): JsonObject {
  const also = alsoType === undefined ? {} : content(alsoType, schema);
  return { required: true, content: { ...content(type, schema), ...also } };
}
/** Ids of the service API have a grammar, and exclude `query`; other names in paths are arbitrary texts. */
const idSchema: JsonObject = { type: "string", pattern: idPattern, not: { pattern: "^[qQ][uU][eE][rR][yY]$" } };

function parametersOf({ path, tag, described }: DocumentedRoute): readonly JsonObject[] {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
  const { headers = [], query = [] } = described;
  return [
    ...names.map((name) => ({
      name,
      in: "path",
      required: true,
      schema: tag === "Service API" ? idSchema : { type: "string", minLength: 1 },
    })),
    ...headers.map((name) => ({ name, in: "header", ...headerParameters[name] })),
    ...query.map((name) => ({ name, in: "query", ...queryParameters[name] })),
  ];
}

function answerOf({ name, described }: DocumentedRoute, schemas: ApiJsonSchemas): JsonObject {
  const { type }: AnswerContract = answers[name];
  const headers = (described.answerHeaders ?? []).map((each) => [each, { schema: { type: "string" } }] as const);
  return {
    description: type === undefined ? "Done" : "OK",
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
    ...(type !== undefined && { content: content(type, schemas.answers[name] ?? { type: "string" }) }),
  };
}

function operation(route: DocumentedRoute, schemas: ApiJsonSchemas): JsonObject {
  const { name, tag, needsToken, described } = route;
  const parameters = parametersOf(route);
  const { body } = described;
  return {
    operationId: name,
    summary: words(name),
    tags: [tag],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: bodyOf(body) }),
    responses: {
      [answers[name].status]: answerOf(route, schemas),
      default: { description: "Refused; the body says why", content: content("application/json", schemas.error) },
    },
    security: needsToken ? [{ managementToken: [] }] : [],
  };
}

/**
 * The OpenAPI document of the dashboard listener, made from the tables of routes, the schemas that check their bodies,
 * and the contracts of their answers.
 */
export function openApiDocument(): Record<string, unknown> {
  const schemas = apiJsonSchemas();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of allRoutes()) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    const item = paths[path] ?? {};
    paths[path] = item;
    item[route.method.toLowerCase()] = operation(route, schemas);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Rollcall",
      version: SERVICE_API_VERSION,
      license: { name: "MIT", identifier: "MIT" },
      description:
        "The service API in the form that the official SDKs use, here for holders of the management token (rollcall info portalUrl prints it after token=), and further routes for the portal and the command line.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: { managementToken: { type: "http", scheme: "bearer" } },
    },
  };
}
