import Table from "cli-table3";
import { type Command, Option } from "commander";
import type { Terminal } from "./terminal.js";

/** How a result is written. Nothing asked for: a table on a terminal, tab-separated lines in a pipe. Never JSON unasked. */
export type OutputFormat = "json" | "table" | "yaml";

/** `-o`, with the formats that a command has. */
export function addOutputOption(command: Command, formats: readonly OutputFormat[] = ["json", "table"]): Command {
  return command.addOption(new Option("-o, --output <format>", "write the result as").choices(formats));
}

/** Names and values of one thing: columns for the eye, tab-separated lines for a pipe. */
export function formatRecord(pairs: readonly (readonly [string, string])[], asTable: boolean): string {
  const rows = pairs.map(([name, value]) => [name, oneLine(value)]);
  if (!asTable) return rows.map((row) => row.join("\t")).join("\n");
  const table = new Table({ chars: PLAIN, style: { head: [], border: [], "padding-left": 0, "padding-right": 2 } });
  table.push(...rows);
  return trimLines(table.toString());
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

/** Columns and no lines: nothing that a narrow terminal or a log makes ugly. */
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
