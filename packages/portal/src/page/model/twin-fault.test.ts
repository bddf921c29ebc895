import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { findJsonFault } from "./json-fault.js";
import { findTwinFault, placeTwinFault } from "./twin-fault.js";

describe("the first fault of an initial twin", () => {
  it.prop([
    fc.record({
      tags: fc.dictionary(fc.string(), fc.jsonValue()),
      properties: fc.record({ desired: fc.dictionary(fc.string(), fc.jsonValue()) }),
    }),
  ])("is undefined for tags and desired properties with any content", (twin) => {
    expect(findTwinFault(JSON.stringify(twin, undefined, 2))).toBeUndefined();
  });

  it.prop([fc.string()])("is the JSON fault when the text is not JSON", (text) => {
    const fault = findJsonFault(text);
    if (fault) expect(findTwinFault(text)).toEqual(fault);
  });

  it.each([
    ["{}", undefined],
    ['{"tags": null, "properties": {"desired": null}}', undefined],
    ["\n[1, 2]", "2:1 the initial twin must be an object with tags and properties.desired"],
    ['{\n  "interval": 10\n}', '2:3 "interval" is neither tags nor properties'],
    ['{"properties": {\n"desired": {}, "reported": {}}}', '2:16 "reported" is not desired'],
    ['{"tags": {"a": 1,\n  "b": 2, "\\u0061": 3}}', '2:11 "a" occurs twice in this object'],
    ['{"tags": {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}}', undefined],
  ])("%j: %s", (text, wanted) => {
    const fault = findTwinFault(text);
    const said = fault && `${fault.line}:${fault.column} ${fault.message}`;
    if (wanted === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(wanted);
  });
});

describe("the line of a member that the service refuses", () => {
  const text = '{\n "tags": {\n  "a.b": 1,\n  "n": 1e30\n },\n "properties": {"desired": {"list": [\n {"x": 0}]}}}';
  it.each([
    ["initialTwin.tags: tags.n is a whole number beyond ±1", 4],
    ['initialTwin.tags: tags has the name "a.b": a dot is not allowed', 3],
    ["initialTwin.tags: has 9008 bytes; 8192 are allowed", 2],
    ["initialTwin.properties.desired: desired.list[0].x is nested deeper than 10 levels", 7],
    ["initialTwin.properties.desired: desired.list[0].gone is nested deeper than 10 levels", 6],
    ["something else", undefined],
  ])("%s: %s", (message, line) => {
    expect(placeTwinFault(text, message)).toBe(line === undefined ? message : `Line ${line}: ${message}.`);
  });
});
