import { fc, test } from "@fast-check/vitest";
import { type IgnoredQuery, type JsonObject, limits } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { operatorRig, registrationOf } from "../testing/operator-rig.js";
import { createOperator } from "./operator.js";
import type { EnrollmentAnswer, Operator, OperatorList } from "./operator-types.js";

type Body = Record<string, unknown>;

async function rigWith(enrollments: readonly Body[]) {
  const rig = operatorRig();
  for (const each of enrollments) {
    const body = { attestation: { type: "symmetricKey" }, ...each };
    await rig.operator.putEnrollment("individual", String(each["registrationId"]), body);
  }
  return rig;
}

/** Reads all pages with `limit` entries each. */
async function pages(operator: Operator, query: string, limit: number) {
  const found: OperatorList<EnrollmentAnswer>[] = [];
  let after: string | undefined;
  do {
    const page = await operator.query("individual", { query }, { limit, ...(after !== undefined && { after }) });
    found.push(page);
    after = page.next;
  } while (after !== undefined);
  return found;
}
const idsOf = (items: readonly JsonObject[]) => items.map((each) => each["registrationId"]);
const ids = async (operator: Operator, query: string, limit = 1000) =>
  (await pages(operator, query, limit)).flatMap((page) => idsOf(page.items));

const fleet = [
  { registrationId: "a", deviceId: "Z", provisioningStatus: "disabled", optionalDeviceInformation: { shelf: 3 } },
  {
    registrationId: "B",
    deviceId: "m",
    allocationPolicy: "hashed",
    iotHubs: ["hub-a.test"],
    optionalDeviceInformation: { shelf: 10 },
  },
  { registrationId: "c", optionalDeviceInformation: { shelf: "3" }, capabilities: { iotEdge: true } },
  { registrationId: "d:1", initialTwin: { tags: { site: "north" } } },
];

describe("a condition", () => {
  it.each([
    ["registrationId = 'b'", ["B"]],
    ['registrationId = "D:1"', ["d:1"]],
    ["registrationId = 'b' AND provisioningStatus = 'disabled'", []],
    ["registrationId = 'b' OR registrationId = 'A'", ["a", "B"]],
    ["registrationId > 'A' AND registrationId <= 'C'", ["B", "c"]],
    ["NOT registrationId = 'b'", ["a", "c", "d:1"]],
    ["deviceId = 'z'", []],
    ["deviceId = 'Z'", ["a"]],
    ["deviceId = null", ["c", "d:1"]],
    ["deviceId != null", ["a", "B"]],
    ["provisioningStatus = 'enabled' AND NOT capabilities.iotEdge = true", ["B", "d:1"]],
    ["attestation.type = 'symmetricKey'", ["a", "B", "c", "d:1"]],
    ["attestation.symmetricKey.primaryKey != null", []],
    ["optionalDeviceInformation.shelf = 3", ["a"]],
    ["optionalDeviceInformation.shelf >= 3", ["a", "B"]],
    ["optionalDeviceInformation.shelf = '3'", ["c"]],
    ["initialTwin.tags.site = 'north'", ["d:1"]],
    ["initialTwin.tags.__proto__ = null AND initialTwin.tags.constructor = null", ["a", "B", "c", "d:1"]],
    ["enrollments.registrationId = 'b'", ["B"]],
    ["ENROLLMENTS.attestation.type = 'x509'", []],
    ["allocationPolicy = 'hashed'", ["a", "B", "c", "d:1"]],
    ["allocationPolicy = 'static'", []],
    ["registrationId = 3", []],
  ])("%s", async (condition, expected) => {
    const { operator } = await rigWith(fleet);
    expect(await ids(operator, `SELECT * FROM enrollments WHERE ${condition}`)).toEqual(expected);
    expect(await ids(operator, `* WHERE ${condition}`, 1)).toEqual(expected);
  });

  it("can compare the state of the registration", async () => {
    const { operator, store } = await rigWith(fleet);
    await store.saveAssignment({ registration: registrationOf("B", { kind: "individual", id: "B" }) });
    expect(await ids(operator, "* WHERE registrationState.status = 'assigned'")).toEqual(["B"]);
    expect(await ids(operator, "* ORDER BY registrationState.status DESC")).toEqual(["B", "a", "c", "d:1"]);
  });
});

describe("an invalid query", () => {
  const everything = ["a", "B", "c", "d:1"];
  const rows = [
    ["{'additional_properties': {}, 'query': 'SELECT *'}", 1],
    ["SELECT * FROM devices", 15],
    ["SELECT * FROM enrollmentGroups WHERE enrollmentGroupId = 'a'", 15],
    ["SELECT * FROM enrollments WHERE registrationid = 'a'", 33],
    ["SELECT * FROM enrollments WHERE registrationId LIKE 'a%'", 48],
    ["__proto__ = null", 1],
    ["\u{1f600}", 1],
    ["x".repeat(9000), 8193],
  ] as const;

  it.each(rows)("%j: returns everything, page by page, as in the cloud; strict: a 400", async (query, position) => {
    const { operator, context } = await rigWith(fleet);
    expect(await ids(operator, query)).toEqual(everything);
    expect((await pages(operator, query, 3)).map((page) => page.items.length)).toEqual([3, 1]);
    const strict = createOperator({ ...context, queries: "strict" });
    await expect(strict.query("individual", { query }, {})).rejects.toMatchObject({
      kind: "badRequest",
      info: { path: "query", position: String(position) },
    });
    expect(strict.ignoredQueries()).toEqual([]);
  });

  it.each(["", " ", "*", "SELECT * FROM enrollments"])("%j is valid, strict or not", async (query) => {
    const { operator, context } = await rigWith(fleet);
    for (const each of [operator, createOperator({ ...context, queries: "strict" })]) {
      expect(await ids(each, query)).toEqual(everything);
      expect(each.ignoredQueries()).toEqual([]);
    }
  });

  it.each([[null], [undefined], [3], [["*"]]])("a query that is not a text (%j) is always a 400", async (query) => {
    const { operator } = await rigWith(fleet);
    await expect(operator.query("individual", { query }, {})).rejects.toMatchObject({ info: { path: "query" } });
  });

  it("is reported once, and then counted; each kind of enrollment separately", async () => {
    const { context, clock } = operatorRig();
    const told: IgnoredQuery[] = [];
    const operator = createOperator({ ...context, onIgnoredQuery: (each) => told.push(each) });
    const at = clock.now;
    for (const kind of ["individual", "individual", "group", "individual"] as const) {
      await operator.query(kind, { query: "SELECT * FROM devices" }, {});
      clock.now += 1000;
    }
    expect(told.map(({ collection, count }) => [collection, count])).toEqual([
      ["enrollments", 1],
      ["enrollmentGroups", 1],
    ]);
    expect(operator.ignoredQueries()).toEqual([
      {
        code: "query.notUnderstood",
        severity: "warning",
        collection: "enrollments",
        query: "SELECT * FROM devices",
        position: 15,
        title:
          "A query of enrollments was not understood, and answered with all of them, as the cloud does: query, character 15: enrollments is expected.",
        remedy: expect.stringContaining("queries: strict in rollcall.yaml"),
        count: 3,
        firstAt: at,
        lastAt: at + 3000,
      },
      expect.objectContaining({ collection: "enrollmentGroups", count: 1, firstAt: at + 2000 }),
    ]);
  });

  it("is remembered up to a hundred texts, shortened and without secrets", async () => {
    const { context } = operatorRig();
    const told: IgnoredQuery[] = [];
    const operator = createOperator({ ...context, onIgnoredQuery: (each) => told.push(each) });
    await operator.query("individual", { query: "SharedAccessKey=c2VjcmV0" }, {});
    for (let n = 0; n < 101; n++) await operator.query("group", { query: `${"x".repeat(400)}${n}` }, {});
    await operator.query("group", { query: `${"x".repeat(400)}5` }, {});
    expect(told).toHaveLength(100);
    const kept = operator.ignoredQueries();
    expect(kept.map(({ count }) => count)).toEqual([1, ...Array.from({ length: 99 }, (_, n) => (n === 5 ? 2 : 1))]);
    expect(kept[0]?.query).toBe("SharedAccessKey=…");
    expect(kept[1]?.query).toHaveLength(301);
  });
});

describe("an order", () => {
  it.each([
    ["registrationId", ["a", "B", "c", "d:1"]],
    ["registrationId DESC", ["d:1", "c", "B", "a"]],
    ["deviceId", ["c", "d:1", "a", "B"]],
    ["deviceId DESC", ["B", "a", "c", "d:1"]],
    ["optionalDeviceInformation.shelf", ["d:1", "a", "B", "c"]],
  ])("by %s", async (order, expected) => {
    const { operator } = await rigWith(fleet);
    for (const limit of [1, 2, 3, 1000]) expect(await ids(operator, `* ORDER BY ${order}`, limit)).toEqual(expected);
  });
});

describe("pages", () => {
  const many = Array.from({ length: 23 }, (_, n) => ({ registrationId: `d${String(n).padStart(2, "0")}` }));

  it("have the requested size, 100 by default, and the last page has no continuation", async () => {
    const { operator } = await rigWith(many);
    const sizes = (await pages(operator, "*", 10)).map((page) => page.items.length);
    expect(sizes).toEqual([10, 10, 3]);
    expect(await operator.query("individual", { query: "*" }, {})).not.toHaveProperty("next");
    expect((await pages(operator, "*", 23)).map((page) => page.items.length)).toEqual([23]);
  });

  it("have the largest size when more is requested", async () => {
    const { operator } = await rigWith(
      Array.from({ length: limits.pageItems.max + 1 }, (_, index) => ({ registrationId: `d${index}` })),
    );
    const sizes = (await pages(operator, "*", 5000)).map((page) => page.items.length);
    expect(sizes).toEqual([limits.pageItems.max, 1]);
  });

  it.each([0, -1, 1.5, Number.NaN])("cannot have the size %d", async (limit) => {
    const { operator } = await rigWith(many);
    const error = expect.objectContaining({ kind: "badRequest", info: { path: "x-ms-max-item-count" } });
    await expect(operator.query("individual", { query: "*" }, { limit })).rejects.toEqual(error);
  });

  it("continue only with the same query, and refuse forged or changed tokens", async () => {
    const { operator, context } = await rigWith(many);
    const { next = "" } = await operator.query("individual", { query: "*" }, { limit: 5 });
    const error = expect.objectContaining({ kind: "badRequest", info: { path: "x-ms-continuation" } });
    const ask = (after: string, query = "*") => operator.query("individual", { query }, { after });
    await expect(ask(next, "SELECT *")).rejects.toEqual(error);
    await expect(operator.query("group", { query: "*" }, { after: next })).rejects.toEqual(error);
    const flipped = [...next].map((character, index) => (index === 30 ? (character === "A" ? "B" : "A") : character));
    for (const after of ["", "x", "d04", `${next}A`, `${next}=`, next.slice(1), flipped.join("")]) {
      await expect(ask(after), after).rejects.toEqual(error);
    }
    expect(context.clusterSecret).toHaveLength(32);
    expect(idsOf((await ask(next)).items)[0]).toBe("d05");
  });

  it("show each lasting enrollment once, whatever is created and deleted in between", async () => {
    const { operator } = await rigWith(many);
    const first = await operator.query("individual", { query: "*" }, { limit: 10 });
    for (const id of ["d03", "d09", "d10"]) await operator.deleteEnrollment("individual", id);
    await operator.putEnrollment("individual", "d00-new", {
      registrationId: "d00-new",
      attestation: { type: "symmetricKey" },
    });
    const rest = await operator.query("individual", { query: "*" }, { after: first.next ?? "" });
    expect(idsOf(rest.items)).toEqual(many.slice(11).map((each) => each.registrationId));
  });

  it("are returned before everything was searched, and continue", async () => {
    const rig = operatorRig();
    const { operator, store } = rig;
    await operator.putEnrollment("individual", "d", { registrationId: "d", attestation: { type: "symmetricKey" } });
    const record = await store.individualEnrollment("d");
    if (!record) throw new Error("nothing was put");
    const fill = (prefix: string, length: number) =>
      store.restore({
        individuals: Array.from({ length }, (_, n) => ({ ...record, registrationId: `${prefix}${n}` })),
      });
    await fill("d", 45_000);
    await operator.putEnrollment("individual", "a", {
      registrationId: "a",
      deviceId: "sought",
      attestation: { type: "symmetricKey" },
    });
    const found = await pages(operator, "* WHERE deviceId = 'sought'", 10);
    expect(found.map((page) => idsOf(page.items))).toEqual([["a"], []]);
    expect(await ids(operator, "* WHERE registrationId = 'd44999'")).toEqual(["d44999"]);
    expect((await operator.query("individual", { query: "* ORDER BY deviceId" }, { limit: 2 })).items).toHaveLength(2);
    await fill("e", 6000);
    await expect(operator.query("individual", { query: "* ORDER BY deviceId" }, {})).rejects.toThrow(/more than 50000/);
    await fill("f", 50_000);
    expect((await pages(operator, "* WHERE deviceId = 'nobody'", 10)).map((page) => page.items)).toEqual([[], []]);
  });
});

describe("lists for people", () => {
  it("filter by a query, which must be valid, and show the state of the registration", async () => {
    const { operator, store } = await rigWith(fleet);
    await store.saveAssignment({ registration: registrationOf("B", { kind: "individual", id: "B" }) });
    const query = "SELECT * FROM enrollments WHERE registrationId >= 'b'";
    const first = await operator.list("individual", { query }, { limit: 2 });
    expect(idsOf(first.items)).toEqual(["B", "c"]);
    expect(first.items[0]).toEqual(await operator.enrollment("individual", "B"));
    expect(first.items[0]).toMatchObject({ registrationState: { status: "assigned" } });
    const rest = await operator.list("individual", { query }, { limit: 2, after: first.next ?? "" });
    expect([idsOf(rest.items), rest.next]).toEqual([["d:1"], undefined]);
    await expect(operator.list("individual", { query: "SELECT * FROM devices" }, {})).rejects.toMatchObject({
      info: { path: "query", position: "15" },
    });
    const [queried] = (await operator.query("individual", { query }, {})).items;
    expect(queried).toMatchObject({ registrationId: "B" });
    expect(queried).not.toHaveProperty("registrationState");
  });

  it("filter by a part of the id and the status", async () => {
    const { operator } = await rigWith(fleet);
    const list = async (filter: Parameters<Operator["list"]>[1], page: Parameters<Operator["list"]>[2] = {}) => {
      const { items, next } = await operator.list("individual", filter, page);
      return { ids: idsOf(items), ...(next !== undefined && { next }) };
    };
    expect(await list({ search: "D" })).toEqual({ ids: ["d:1"] });
    expect(await list({ status: "disabled" })).toEqual({ ids: ["a"] });
    expect(await list({}, { limit: 2 })).toEqual({ ids: ["a", "B"], next: "b" });
    expect(await list({}, { limit: 2, after: "b" })).toEqual({ ids: ["c", "d:1"] });
  });
});

/** A reference over all enrollments at once, to which the pages have to add up. */
const literal = fc.constantFrom<string | number | boolean | null>(1, 2, 3, "1", "2", "a", "B", true, false, null);
const fleets = fc
  .uniqueArray(fc.stringMatching(/^[abAB0-9]{1,3}$/), { maxLength: 25, selector: (id) => id.toLowerCase() })
  .chain((all) => fc.tuple(...all.map((id) => fc.record({ id: fc.constant(id), x: literal }))));
const operators = {
  "=": (a: unknown, b: unknown) => a === b,
  "!=": (a: unknown, b: unknown) => a !== b,
  "<": (a: never, b: never) => isOrdered(a, b) && a < b,
  ">=": (a: never, b: never) => isOrdered(a, b) && a >= b,
} as const;
const isOrdered = (a: unknown, b: unknown) => typeof a === typeof b && (typeof a === "number" || typeof a === "string");
const rank = (value: unknown) => (value === null ? 0 : ["boolean", "number", "string"].indexOf(typeof value) + 1);

test.prop(
  [
    fleets,
    fc.constantFrom(...(Object.keys(operators) as (keyof typeof operators)[])),
    literal,
    fc.boolean(),
    fc.integer({ min: 1, max: 7 }),
  ],
  {
    numRuns: 60,
  },
)("pages add up to a filter and a sort over everything", async (all, operator, value, descending, limit) => {
  const rig = await rigWith(all.map(({ id, x }) => ({ registrationId: id, optionalDeviceInformation: { x } })));
  const wanted = all
    .filter(({ x }) => operators[operator](x as never, value as never))
    .sort((a, b) => {
      const order = rank(a.x) - rank(b.x) || (a.x === b.x ? 0 : a.x! < b.x! ? -1 : 1);
      return (descending ? -order : order) || (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1);
    })
    .map(({ id }) => id);
  const shown = typeof value === "string" ? `'${value}'` : String(value);
  const condition = `* WHERE optionalDeviceInformation.x ${operator} ${shown}`;
  expect(
    await ids(rig.operator, `${condition} ORDER BY optionalDeviceInformation.x ${descending ? "DESC" : ""}`, limit),
  ).toEqual(wanted);
  expect(new Set(await ids(rig.operator, condition, limit))).toEqual(new Set(wanted));
});
