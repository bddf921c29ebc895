import Table from "cli-table3";
import { type Command, Option } from "commander";
import type { Terminal } from "./terminal.js";

/** How a result is written. Nothing asked for: a table on a terminal, tab-separated lines in a pipe. Never JSON unasked. */
export type OutputFormat = "json" | "table" | "yaml";

/** `-o`, with the formats that a command has. */
export function addOutputOption(command: Command, formats: readonly OutputFormat[] = ["json", "table"]): Command {
  return command.addOption(new Option("-o, --output <format>", "write the result as").choices(formats));
}

/** Rows under a head: a table for the eye, tab-separated lines for a pipe. */
export function formatRows(head: readonly string[], rows: readonly (readonly string[])[], asTable: boolean): string {
  if (!asTable) return [head, ...rows].map((row) => row.map(oneLine).join("\t")).join("\n");
  const table = new Table({
    head: [...head],
    chars: PLAIN,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  table.push(...rows.map((row) => row.map(oneLine)));
  return trimLines(table.toString());
}

/** Names and values of one thing. */
export function formatRecord(pairs: readonly (readonly [string, string])[], asTable: boolean): string {
  if (!asTable) return pairs.map(([name, value]) => `${name}\t${oneLine(value)}`).join("\n");
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** True when a table is to be drawn. */
export function wantsTable(terminal: Terminal, format: OutputFormat | undefined): boolean {
  return format === "table" || (format === undefined && terminal.outIsTerminal);
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

const oneLine = (text: string): string => text.replace(/\s*[\r\n\t]+\s*/g, " ");

const trimLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");

/** A head, a rule below it, and columns: nothing that a narrow terminal or a log makes ugly. */
const PLAIN = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};
