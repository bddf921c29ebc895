import { fc, test } from "@fast-check/vitest";
import { DpsError } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { comparisons, parseQuery } from "./query-parser.js";

const parse = (text: string) => parseQuery(text, "enrollments");
const compare = (member: string, operator: string, value: unknown) => ({
  kind: "compare",
  member: member.split("."),
  operator,
  value,
});

describe("a query is read", () => {
  it.each(["*", "SELECT *", "select  *\tfrom\nENROLLMENTS ", "Select * From Enrollments"])("%j: everything", (text) => {
    expect(parse(text)).toEqual({});
  });

  it.each([
    ["a = 'x'", compare("a", "=", "x")],
    ['a.b-c <> "x"', compare("a.b-c", "<>", "x")],
    ["a!=-1.5e3", compare("a", "!=", -1500)],
    ["a >= TRUE", compare("a", ">=", true)],
    ["a<=null", compare("a", "<=", null)],
    ["a = 'it''s'", compare("a", "=", "it's")],
    ["a = 'it\\'s \\\\ \\u0041\\n'", compare("a", "=", "it's \\ A\n")],
    ['a = "say ""hi"""', compare("a", "=", 'say "hi"')],
    [
      "a = 'x' AND b = 1 and c = 2",
      { kind: "and", of: [compare("a", "=", "x"), compare("b", "=", 1), compare("c", "=", 2)] },
    ],
    [
      "a = 1 OR b = 2 AND c = 3",
      { kind: "or", of: [compare("a", "=", 1), { kind: "and", of: [compare("b", "=", 2), compare("c", "=", 3)] }] },
    ],
    [
      "(a = 1 OR b = 2) AND NOT c = 3",
      {
        kind: "and",
        of: [
          { kind: "or", of: [compare("a", "=", 1), compare("b", "=", 2)] },
          { kind: "not", of: compare("c", "=", 3) },
        ],
      },
    ],
    ["not (not a = 1)", { kind: "not", of: { kind: "not", of: compare("a", "=", 1) } }],
  ])("WHERE %s", (text, where) => {
    expect(parse(`SELECT * FROM enrollments WHERE ${text}`)).toEqual({ where });
    expect(parse(`* where ${text} order by x`)).toMatchObject({ where, orderBy: { member: ["x"] } });
  });

  it.each([
    ["ORDER BY a", ["a"], false],
    ["order by a.b asc", ["a", "b"], false],
    ["Order By a DESC", ["a"], true],
  ])("%s", (text, member, descending) => {
    expect(parse(`SELECT * ${text}`)).toEqual({ orderBy: { member, descending } });
  });
});

describe("what is not understood is a 400 with its place", () => {
  it.each([
    ["", 1],
    ["SELECT", 7],
    ["SELECT a FROM enrollments", 8],
    ["SELECT * FROM", 14],
    ["SELECT * FROM enrollmentGroups", 15],
    ["SELECT * FROM enrollments x", 27],
    ["SELECT * WHERE", 15],
    ["SELECT * WHERE a", 17],
    ["SELECT * WHERE a =", 19],
    ["SELECT * WHERE a = b", 20],
    ["SELECT * WHERE 1 = a", 16],
    ["SELECT * WHERE a = 1 AND", 25],
    ["SELECT * WHERE (a = 1", 22],
    ["SELECT * WHERE a = 1)", 21],
    ["SELECT * WHERE a = 'x", 20],
    ["SELECT * WHERE a = 'x\\", 22],
    ["SELECT * WHERE a = '\\u12'", 21],
    ["SELECT * WHERE a = 1.2.3", 20],
    ["SELECT * WHERE a = 1e999", 20],
    ["SELECT * WHERE a LIKE 'x'", 18],
    ["SELECT * WHERE a. = 1", 17],
    ["SELECT * ORDER a", 16],
    ["SELECT * ORDER BY", 18],
    ["SELECT * ORDER BY a, b", 20],
    ["SELECT * ORDER BY a WHERE b = 1", 21],
    ["SELECT *; DROP", 9],
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
    "a",
    "a.b",
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

test.prop([queries])("nothing but a 400 comes of any text, and its place is in the text or behind it", (text) => {
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
    expect(parse(`* WHERE a = ${quote}${escaped}${quote}`)).toEqual({ where: compare("a", "=", value) });
  },
);

test.prop([fc.double({ noNaN: true, noDefaultInfinity: true })])("any number can be written as one", (value) => {
  const where = compare("a", "=", Object.is(value, -0) ? -0 : value);
  expect(parse(`* WHERE a = ${Object.is(value, -0) ? "-0" : value}`)).toEqual({ where });
});
