import { fc, it as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { recordingTerminal } from "../testing/recording-terminal.js";
import { type Column, type OutputFormat, type Pair, writeList, writeRecord } from "./output.js";

interface Item {
  readonly id: string;
  readonly note?: string;
}

const columns: readonly Column<Item>[] = [
  { title: "id", value: ({ id }) => id },
  { title: "note", value: ({ note }) => note },
];
const items: readonly Item[] = [{ id: "a", note: "first" }, { id: "longer" }];
const screen = (width: number) => recordingTerminal({ columns: width });

async function list(terminal: ReturnType<typeof recordingTerminal>, format: OutputFormat | undefined, what = items) {
  await writeList(terminal, format, what, columns);
  return terminal.written.out;
}

describe("a list", () => {
  it.each([undefined, "tsv"] as const)(
    "in a pipe, -o %s: one line per item, separated by tabs, no titles",
    async (format) => {
      expect(await list(recordingTerminal(), format)).toBe("a\tfirst\nlonger\t\n");
    },
  );

  it.each([undefined, "table"] as const)("on a terminal, -o %s: titles and columns", async (format) => {
    expect(await list(screen(80), format)).toBe("ID      NOTE\na       first\nlonger\n");
  });

  it.each([recordingTerminal(), screen(80)])("-o json is the items, wherever it goes", async (terminal) => {
    expect(JSON.parse(await list(terminal, "json"))).toEqual(items);
  });

  it("-o yaml is the items", async () => {
    expect(parse(await list(screen(10), "yaml"))).toEqual(items);
  });

  it.each(["2026-11-23T00:00:00.000Z", "2026-11-23", "12:30:45", "yes", "off", "0o17", "1_000", "<<"])(
    "-o yaml keeps %s a text for YAML 1.1 parsers too",
    async (id) => {
      const text = await list(screen(10), "yaml", [{ id }]);
      expect(parse(text)).toEqual([{ id }]);
      expect(parse(text, { version: "1.1", merge: false })).toEqual([{ id }]);
    },
  );

  it("that is empty prints nothing, the titles, or an empty array", async () => {
    expect(await list(recordingTerminal(), undefined, [])).toBe("");
    expect(await list(screen(80), undefined, [])).toBe("ID  NOTE\n");
    expect(await list(recordingTerminal(), "json", [])).toBe("[]\n");
  });

  it("that is too wide is cut on a terminal, its widest column first, and never in a pipe", async () => {
    const wide = [{ id: "pump-7", note: "x".repeat(100) }];
    const lines = (await list(screen(40), undefined, wide)).trimEnd().split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBe(40);
    expect(lines[1]).toMatch(/^pump-7 {2}x+…$/);
    expect(await list(recordingTerminal(), "table", wide)).toContain("x".repeat(100));
    const both = [{ id: "y".repeat(100), note: "x".repeat(100) }];
    for (const line of (await list(screen(40), undefined, both)).split("\n"))
      expect(line.length).toBeLessThanOrEqual(40);
  });

  property.prop([
    fc.array(fc.record({ id: fc.string({ unit: "binary" }), note: fc.string({ unit: "binary" }) }), { minLength: 1 }),
  ])("keeps its shape in a pipe, and gives a terminal no commands, whatever the values are", async (values) => {
    const text = await list(recordingTerminal(), "tsv", values);
    const lines = text.slice(0, -1).split("\n");
    expect(lines.map((line) => line.split("\t").length)).toEqual(values.map(() => 2));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain them.
    expect(text.replace(/[\t\n]/g, "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});

describe("one thing", () => {
  const pairs: readonly Pair[] = [
    ["key", "k".repeat(90)],
    ["endorsement key", "e".repeat(300), "long"],
  ];
  const record = async (terminal: ReturnType<typeof recordingTerminal>, format?: OutputFormat) => {
    await writeRecord(terminal, format, { whole: true }, pairs);
    return terminal.written.out;
  };

  it("cuts long values on a terminal only", async () => {
    const [key, endorsementKey] = (await record(screen(80))).split("\n");
    expect(key).toBe(`key              ${"k".repeat(90)}`);
    expect(endorsementKey).toMatch(/^endorsement key {2}e{62}…$/);
    expect(await record(recordingTerminal())).toBe(`key\t${"k".repeat(90)}\nendorsement key\t${"e".repeat(300)}\n`);
    expect(await record(recordingTerminal(), "table")).toContain("e".repeat(300));
  });

  it("is complete in JSON and YAML", async () => {
    expect(await record(screen(80), "json")).toBe('{\n  "whole": true\n}\n');
    expect(await record(recordingTerminal(), "yaml")).toBe("whole: true\n");
  });
});
