import { type AnswerContract, answers, managementRoutes, operatorRoutes, serviceRoutes } from "@rollcall/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serviceRig } from "./testing/service-rig.js";

let rig: Awaited<ReturnType<typeof serviceRig>>;
beforeAll(async () => {
  rig = await serviceRig();
});
afterAll(() => rig.close());

interface Described {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}
interface Schema {
  readonly $ref?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
const document = async () => (await rig.dashboardRequest("/openapi.json")).json() as Document;

it("lists every route of every table, each once", async () => {
  const { openapi, paths } = await document();
  expect(openapi).toBe("3.1.0");
  const tables = { ...serviceRoutes, ...operatorRoutes, ...managementRoutes };
  for (const [name, { method, path }] of Object.entries(tables)) {
    const operation = paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    expect(operation?.operationId, `${method} ${path}`).toBe(name);
  }
  const listed = Object.values(paths).flatMap((item) => Object.values(item));
  expect(listed).toHaveLength(Object.keys(tables).length);
});

it("has only references that exist", async () => {
  const whole = await document();
  const references = JSON.stringify(whole).match(/"\$ref":"[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(0);
  for (const reference of references) {
    const name = /#\/components\/schemas\/(\w+)/.exec(reference)?.[1] ?? reference;
    expect(Object.keys(whole.components.schemas[name] ?? {}), reference).not.toEqual([]);
  }
});

it("describes bodies by the schemas that check them", async () => {
  const { schemas } = (await document()).components;
  expect(Object.keys(schemas["IndividualEnrollment"]?.properties ?? {})).toEqual(
    expect.arrayContaining(["registrationId", "attestation", "iotHubs", "customAllocationDefinition"]),
  );
});

const contracts: readonly [string, AnswerContract][] = Object.entries(answers);
/** The schema to which a schema of the document refers; for a list, that of its entries. */
function found({ $ref, items, ...schema }: Schema, all: Readonly<Record<string, Schema>>): Schema {
  if (items) return found(items, all);
  return $ref === undefined ? schema : found(all[$ref.replace("#/components/schemas/", "")] ?? {}, all);
}

it("describes exactly the members of the answers", async () => {
  const { paths, components } = await document();
  const described = Object.values(paths).flatMap((item) => Object.values(item));
  let looked = 0;
  for (const [name, { schema, status, type }] of contracts) {
    const response = described.find(({ operationId }) => operationId === name)?.responses[status];
    const content = response?.content as Readonly<Record<string, { readonly schema: Schema }>> | undefined;
    expect(Object.keys(content ?? {}), name).toEqual(type === undefined ? [] : [type]);
    const entry = schema && "element" in schema ? schema.element : schema;
    // The members that the check itself knows, for strict objects only.
    const shape = (entry as { readonly shape?: Readonly<Record<string, unknown>> })?.shape;
    if (!shape || type === undefined) continue;
    const { properties, required, additionalProperties } = found(content?.[type]?.schema ?? {}, components.schemas);
    expect(Object.keys(properties ?? {}), name).toEqual(Object.keys(shape));
    const needed = Object.keys(shape).filter((member) => !isOptional(shape[member]));
    expect([...(required ?? [])], name).toEqual(needed);
    expect(additionalProperties, name).toBe(false);
    looked += 1;
  }
  expect(looked).toBeGreaterThan(25);
  const { Attempt, Info } = components.schemas;
  expect([Object.keys(Attempt?.properties ?? {}).length, Object.keys(Info?.properties ?? {}).length]).toEqual([19, 12]);
});

const isOptional = (member: unknown) =>
  (member as { readonly _zod: { readonly optin?: string } })._zod.optin === "optional";

it("names the status and the content type of the answers", async () => {
  const { paths } = await document();
  const id = { registrationId: "doc-1", attestation: { type: "symmetricKey" } };
  const put = await rig.owner("/enrollments/doc-1", { method: "PUT", body: JSON.stringify(id) });
  expect(put.status).toBe(200);
  const asked = [
    ...["/healthz", "/readyz", "/ca.pem", "/info", "/attempts", "/enrollments/doc-1"].map(
      (path) => ["get", path] as const,
    ),
    ["post", "/enrollments/doc-1/attestationmechanism"] as const,
    ["delete", "/enrollments/doc-1"] as const,
  ];
  for (const [method, path] of asked) {
    const { status, headers } = await rig.owner(path, { method: method.toUpperCase() });
    const { responses } = paths[path.replace("doc-1", "{id}")]?.[method] ?? {};
    const type = headers.get("content-type")?.split(";")[0];
    expect(Object.keys(responses ?? {}), `${method} ${path}`).toEqual([String(status), "default"]);
    expect(Object.keys(responses?.[status]?.content ?? {}), `${method} ${path}`).toEqual(type ? [type] : []);
  }
});

it("is shown by a page that loads nothing from other hosts", async () => {
  const page = await rig.dashboardRequest("/docs");
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
  const addresses = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(addresses.length).toBeGreaterThan(3);
  for (const address of addresses) {
    expect(address).toMatch(/^\/docs\//);
    expect((await rig.dashboardRequest(address)).status, address).toBe(200);
  }
  expect((await rig.dashboardRequest("/docs/json")).text).toBe((await rig.dashboardRequest("/openapi.json")).text);
});
