import { fc, test } from "@fast-check/vitest";
import { DpsError } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { comparisons, parseQuery } from "./query-parser.js";

const parse = (text: string) => parseQuery(text, "individual");
const compare = (member: string, operator: string, value: unknown) => ({
  kind: "compare",
  member: member.split("."),
  operator,
  value,
});

describe("a valid query", () => {
  it.each(["", " \t\n", "*", "SELECT *", "select  *\tfrom\nENROLLMENTS ", "Select * From Enrollments"])(
    "%j: everything",
    (text) => {
      expect(parse(text)).toEqual({});
    },
  );

  it.each([
    ["etag = 'x'", compare("etag", "=", "x")],
    ['initialTwin.tags.b-c <> "x"', compare("initialTwin.tags.b-c", "<>", "x")],
    ["etag!=-1.5e3", compare("etag", "!=", -1500)],
    ["etag >= TRUE", compare("etag", ">=", true)],
    ["etag<=null", compare("etag", "<=", null)],
    ["etag = 'it''s'", compare("etag", "=", "it's")],
    ["etag = 'it\\'s \\\\ \\u0041\\n'", compare("etag", "=", "it's \\ A\n")],
    ['etag = "say ""hi"""', compare("etag", "=", 'say "hi"')],
    [
      "etag = 'x' AND deviceId = 1 and registrationId = 2",
      { kind: "and", of: [compare("etag", "=", "x"), compare("deviceId", "=", 1), compare("registrationId", "=", 2)] },
    ],
    [
      "etag = 1 OR deviceId = 2 AND registrationId = 3",
      {
        kind: "or",
        of: [
          compare("etag", "=", 1),
          { kind: "and", of: [compare("deviceId", "=", 2), compare("registrationId", "=", 3)] },
        ],
      },
    ],
    [
      "(etag = 1 OR deviceId = 2) AND NOT registrationId = 3",
      {
        kind: "and",
        of: [
          { kind: "or", of: [compare("etag", "=", 1), compare("deviceId", "=", 2)] },
          { kind: "not", of: compare("registrationId", "=", 3) },
        ],
      },
    ],
    ["not (not etag = 1)", { kind: "not", of: { kind: "not", of: compare("etag", "=", 1) } }],
  ])("WHERE %s", (text, where) => {
    expect(parse(`SELECT * FROM enrollments WHERE ${text}`)).toEqual({ where });
    expect(parse(`* where ${text} order by etag`)).toMatchObject({ where, orderBy: { member: ["etag"] } });
  });

  it.each([
    ["ORDER BY etag", ["etag"], false],
    ["order by attestation.type asc", ["attestation", "type"], false],
    ["Order By etag DESC", ["etag"], true],
  ])("%s", (text, member, descending) => {
    expect(parse(`SELECT * ${text}`)).toEqual({ orderBy: { member, descending } });
  });
});

describe("the collection in front of a member is not a part of the member", () => {
  it.each([
    ["individual", "enrollments.registrationId", ["registrationId"]],
    ["individual", "Enrollments.attestation.type", ["attestation", "type"]],
    ["group", "enrollmentGroups.enrollmentGroupId", ["enrollmentGroupId"]],
    ["group", "ENROLLMENTGROUPS.initialTwin.tags.site", ["initialTwin", "tags", "site"]],
    ["individual", "optionalDeviceInformation.enrollments.x", ["optionalDeviceInformation", "enrollments", "x"]],
  ] as const)("of kind %s: %s", (kind, written, member) => {
    const where = { kind: "compare", member, operator: "=", value: "x" };
    expect(parseQuery(`* WHERE ${written} = 'x' ORDER BY ${written}`, kind)).toEqual({
      where,
      orderBy: { member, descending: false },
    });
  });

  it("and the error of a misspelled name shows the right name", () => {
    expect(() => parse("* WHERE provisioningstatus = 'x'")).toThrow(
      "query, character 9: there is no member provisioningstatus; the member is written provisioningStatus",
    );
    expect(() => parse("* WHERE reprovisionPolicy.never = true")).toThrow(
      "there is no member reprovisionPolicy.never; members are updateHubAssignment, migrateDeviceData",
    );
  });
});

describe("an invalid query is a 400 with the place of the error", () => {
  it.each([
    ["SELECT", 7],
    ["SELECT a FROM enrollments", 8],
    ["SELECT * FROM", 14],
    ["SELECT * FROM enrollmentGroups", 15],
    ["SELECT * FROM enrollments x", 27],
    ["SELECT * WHERE", 15],
    ["SELECT * WHERE etag", 20],
    ["SELECT * WHERE etag =", 22],
    ["SELECT * WHERE etag = deviceId", 23],
    ["SELECT * WHERE 1 = a", 16],
    ["SELECT * WHERE etag = 1 AND", 28],
    ["SELECT * WHERE (etag = 1", 25],
    ["SELECT * WHERE etag = 1)", 24],
    ["SELECT * WHERE etag = 'x", 23],
    ["SELECT * WHERE etag = 'x\\", 25],
    ["SELECT * WHERE etag = '\\u12'", 24],
    ["SELECT * WHERE etag = 1.2.3", 23],
    ["SELECT * WHERE etag = 1e999", 23],
    ["SELECT * WHERE etag LIKE 'x'", 21],
    ["SELECT * WHERE etag. = 1", 20],
    ["SELECT * ORDER etag", 16],
    ["SELECT * ORDER BY", 18],
    ["SELECT * ORDER BY etag, deviceId", 23],
    ["SELECT * ORDER BY etag WHERE deviceId = 1", 24],
    ["SELECT *; DROP", 9],
    ["SELECT * WHERE nonsense = 1", 16],
    ["SELECT * WHERE registrationid = 'x'", 16],
    ["SELECT * WHERE etag = 1 AND enrollmentGroupId = 'x'", 29],
    ["SELECT * WHERE enrollmentGroups.enrollmentGroupId = 'x'", 16],
    ["SELECT * WHERE enrollments = 'x'", 16],
    ["SELECT * WHERE capabilities.iotedge = true", 16],
    ["SELECT * WHERE __proto__ = null", 16],
    ["SELECT * ORDER BY constructor", 19],
    ["{'additional_properties': {}, 'query': 'SELECT *'}", 1],
    ["SELECT * WHERE \u{1f600} = 1", 16],
    [`* WHERE ${"(".repeat(40)}`, 42],
    [`* WHERE ${"NOT ".repeat(40)}`, 141],
    [" ".repeat(9000), 8193],
  ])("%j", (text, position) => {
    const error = expect.objectContaining({
      name: "DpsError",
      kind: "badRequest",
      message: expect.stringContaining(`character ${position}:`),
      info: { path: "query", position: String(position) },
    });
    let thrown: unknown;
    try {
      parse(text);
    } catch (each) {
      thrown = each;
    }
    expect(thrown).toEqual(error);
  });
});

const piece = fc.oneof(
  fc.constantFrom("SELECT", "*", "FROM", "enrollments", "WHERE", "AND", "or", "NOT", "(", ")", "ORDER", "BY", "DESC"),
  fc.constantFrom(
    ...comparisons,
    "etag",
    "attestation.type",
    "enrollments.deviceId",
    "nowhere.at.all",
    "'x'",
    '"y',
    "'",
    "\\",
    "1",
    "-",
    "null",
    "true",
    "__proto__",
    "constructor",
  ),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const queries = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(" ")),
  fc.array(piece, { maxLength: 40 }).map((pieces) => `SELECT * WHERE ${pieces.join("")}`),
);

test.prop([queries])("any text is parsed or a 400, whose place is in the text or after it", (text) => {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DpsError);
    const { info, kind } = error as DpsError;
    expect(kind).toBe("badRequest");
    expect(Number(info?.["position"])).toBeGreaterThanOrEqual(1);
    expect(Number(info?.["position"])).toBeLessThanOrEqual(text.length + 1);
  }
});

test.prop([fc.string({ unit: "binary", maxLength: 60 }), fc.constantFrom("'", '"')])(
  "any text can be written as a literal",
  (value, quote) => {
    const escaped = value.replaceAll("\\", "\\\\").replaceAll(quote, quote + quote);
    expect(parse(`* WHERE etag = ${quote}${escaped}${quote}`)).toEqual({ where: compare("etag", "=", value) });
  },
);

test.prop([fc.double({ noNaN: true, noDefaultInfinity: true })])("any number can be written as a literal", (value) => {
  const where = compare("etag", "=", Object.is(value, -0) ? -0 : value);
  expect(parse(`* WHERE etag = ${Object.is(value, -0) ? "-0" : value}`)).toEqual({ where });
});
