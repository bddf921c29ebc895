import { type Command, Option } from "commander";
import type { Terminal } from "./terminal.js";

/** Every format of a result. */
export const outputFormats = ["json", "table", "tsv", "yaml"] as const;

/** Format of a result. Default: a table on a terminal, tab-separated lines in a pipe. JSON only on request. */
export type OutputFormat = (typeof outputFormats)[number];

/** Adds `-o` with the formats that a command supports. */
export function addOutputOption(command: Command, formats: readonly OutputFormat[] = ["json", "table"]): Command {
  return command.addOption(new Option("-o, --output <format>", "format of the result").choices(formats));
}

/** A column of a list: its title, and the value for an item. */
export interface Column<T> {
  readonly title: string;
  readonly value: (item: T) => string | undefined;
}

/** Name and value of a fact. A long value, which nobody copies by hand, may be cut on a terminal. */
export type Pair = readonly [name: string, value: string, extent?: "long"];

/** Writes a list: JSON and YAML contain the whole items, tables and tab-separated lines the columns. */
export async function writeList<T>(
  terminal: Terminal,
  format: OutputFormat | undefined,
  items: readonly T[],
  columns: readonly Column<T>[],
): Promise<void> {
  const whole = await wholeValue(format, items);
  if (whole !== undefined) return terminal.out(whole);
  const cells = items.map((item) => columns.map(({ value }) => oneLine(value(item) ?? "")));
  if (!wantsTable(terminal, format)) {
    if (cells.length > 0) terminal.out(cells.map((row) => row.join("\t")).join("\n"));
    return;
  }
  // Empty columns are left out of a table, except the first.
  const filled = columns.map((_, index) => index === 0 || cells.length === 0 || cells.some((row) => row[index] !== ""));
  const rows = cells.map((row) => row.filter((_, index) => filled[index]));
  const titles = columns.filter((_, index) => filled[index]).map(({ title }) => title.toUpperCase());
  const natural = naturalWidths([titles, ...rows]);
  const widths = terminal.outIsTerminal ? fitted(natural, terminal.columns) : natural;
  terminal.out(plainTable([titles, ...rows], widths, (title) => terminal.paint("bold", title)));
}

/** Writes one item: JSON and YAML contain the whole item, the other formats the facts in `pairs`. */
export async function writeRecord(
  terminal: Terminal,
  format: OutputFormat | undefined,
  item: unknown,
  pairs: readonly Pair[],
): Promise<void> {
  terminal.out((await wholeValue(format, item)) ?? formatPairs(terminal, format, pairs));
}

function formatPairs(terminal: Terminal, format: OutputFormat | undefined, pairs: readonly Pair[]): string {
  if (!terminal.outIsTerminal || !wantsTable(terminal, format))
    return formatRecord(pairs, wantsTable(terminal, format));
  const widest = Math.max(0, ...pairs.map(([name]) => name.length)) + GAP;
  return formatRecord(
    pairs.map(([name, value, extent]) => [name, extent ? cut(oneLine(value), terminal.columns - widest) : value]),
    true,
  );
}

/** The whole value as JSON or YAML; undefined for the other formats. */
async function wholeValue(format: OutputFormat | undefined, value: unknown): Promise<string | undefined> {
  if (format === "json") return toJson(value);
  return format === "yaml" ? toYaml(value) : undefined;
}

/**
 * A value as YAML without the last line end; long lines are not folded. Quotes texts that a YAML 1.1 parser (PyYAML)
 * would read as times, numbers or booleans. Loads the package only here, since loading takes 50 ms.
 */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(value, { lineWidth: 0, compat: "yaml-1.1" }).trimEnd();
}

/** Names and values of one item: aligned columns, or tab-separated lines. */
export function formatRecord(pairs: readonly Pair[], asTable: boolean): string {
  const rows = pairs.map(([name, value]) => [name, oneLine(value)]);
  return asTable ? plainTable(rows, naturalWidths(rows)) : rows.map((row) => row.join("\t")).join("\n");
}

/** True when the result is written as a table. */
export function wantsTable(terminal: Terminal, format: OutputFormat | undefined): boolean {
  return format === "table" || (format === undefined && terminal.outIsTerminal);
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** Blanks between two columns. */
const GAP = 2;
/** Minimal width of a column whose text is cut. */
const NARROWEST = 8;

/** Widths including the gap; each column is as wide as its widest cell. */
function naturalWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length + GAP);
  }
  return widths;
}

/** Widths such that a line fits: the widest columns are narrowed first. */
function fitted(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  for (;;) {
    const widest = Math.max(...widths);
    const excess = widths.reduce((sum, width) => sum + width, 0) - GAP - columns;
    if (excess <= 0 || widest <= NARROWEST + GAP) return widths;
    const others = widths.filter((width) => width < widest);
    const many = widths.length - others.length;
    const lower = Math.max(NARROWEST + GAP, ...others, widest - Math.ceil(excess / many));
    widths.forEach((width, index) => {
      if (width === widest) widths[index] = lower;
    });
  }
}

/**
 * A table without ruled lines, which stays readable in a narrow terminal or a log. Written here because table libraries
 * take a millisecond a row, and a service may list 100,000 rows. `styled` is applied to the cells of the first row.
 */
function plainTable(
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  styled: (cell: string) => string = (cell) => cell,
): string {
  const lines = rows.map((row, at) => {
    const cells = row.map((cell, index) => {
      const text = cut(cell, (widths[index] ?? GAP) - GAP);
      const gap = " ".repeat(Math.max(0, (widths[index] ?? 0) - text.length));
      return `${at === 0 ? styled(text) : text}${gap}`;
    });
    return cells.join("").trimEnd();
  });
  return lines.join("\n");
}

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** Escapes a value so that it cannot pass for a line, a column or a terminal command. */
const oneLine = (text: string): string =>
  text.replace(/\s*[\r\n\t]+\s*/g, " ").replace(CONTROL, (character) => `\\x${hex(character)}`);

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression searches for control characters.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, "0");
