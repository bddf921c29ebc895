import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { findJsonFault } from "./json-fault.js";

const parses = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("the first fault of a JSON text", () => {
  it.prop([fc.json({ depthSize: "medium" })])("is undefined for valid JSON", (text) => {
    expect(findJsonFault(text)).toBeUndefined();
    expect(findJsonFault(` \t\r\n${JSON.stringify(JSON.parse(text), undefined, 2)}\n`)).toBeUndefined();
  });

  // Typical input: pieces of JSON in any order, and JSON with a piece removed or added.
  const piece = fc.constantFrom(
    ...'{}[],:"\\ \n\t',
    "true",
    "null",
    "-",
    "0",
    "01",
    "1.5e+3",
    ".",
    "e",
    "\\u00e9",
    "\\x",
    "é",
    "'",
    "//",
  );
  const damaged = fc.tuple(fc.json(), fc.nat(), fc.nat(3), piece).map(([text, at, count, inserted]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + inserted + text.slice(place + count);
  });
  it.prop([
    fc.oneof(
      fc.array(piece).map((pieces) => pieces.join("")),
      damaged,
      fc.string(),
    ),
  ])("is found exactly where JSON.parse finds one", (text) => {
    const fault = findJsonFault(text);
    expect(fault === undefined).toBe(parses(text));
    if (!fault) return;
    expect(fault.offset).toBeGreaterThanOrEqual(0);
    expect(fault.offset).toBeLessThanOrEqual(text.length);
    const before = text.slice(0, fault.offset).split("\n");
    expect([fault.line, fault.column]).toEqual([before.length, (before.at(-1) ?? "").length + 1]);
    expect(fault.message.length).toBeGreaterThan(5);
  });

  it.each([
    ["", 1, 1, "the text is empty"],
    ["{", 1, 2, 'expected a name in " or }, but the text ends'],
    ['{"a" 1}', 1, 6, "expected : after the name, but found 1"],
    ['{\n  "a": 1,\n}', 3, 1, "} follows a comma: remove the comma"],
    ["[1,\n]", 2, 1, "] follows a comma: remove the comma"],
    ["{\n  // a note\n}", 2, 3, 'expected a name in " or }, but found a comment, which JSON does not allow'],
    ['{"a": 1 /* b */}', 1, 9, "expected , or }, but found a comment, which JSON does not allow"],
    ["# a\n{}", 1, 1, "expected a value, but found a comment, which JSON does not allow"],
    ['{"a": 1 "b": 2}', 1, 9, 'expected , or }, but found "'],
    ["[1, 2", 1, 6, "expected , or ], but the text ends"],
    ['{"a": "b\n}', 1, 7, 'this text has no " at its end'],
    ['"a\tb"', 1, 3, "a control character has to be written as \\u and four hex digits"],
    ['"\\x"', 1, 2, "this escape is invalid: use \\\\ for a backslash"],
    ["{} {}", 1, 4, "expected the end of the document, but found {"],
    ["{'a': 1}", 1, 2, "expected a name in \" or }, but found '"],
    ["nul", 1, 1, "expected a value, but found n"],
    ["[".repeat(100_000), 1, 502, "this is nested too deeply"],
  ])("%j: line %i, column %i", (text, line, column, message) => {
    expect(findJsonFault(text)).toMatchObject({ line, column, message });
  });
});
