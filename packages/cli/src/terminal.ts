import { styleText } from "node:util";

/**
 * The rules for what goes where. Standard output carries results only: what a program would read. Everything else
 * (progress, notes, errors) goes to standard error, so that a pipe stays clean.
 */
export interface Terminal {
  /** A line of result. */
  out(text: string): void;
  /** A line for the eye. */
  note(text: string): void;
  /** True when a person sees the results: tables and colours are for them. */
  readonly outIsTerminal: boolean;
  readonly noteIsTerminal: boolean;
  /** Width of the results; 80 where nothing says otherwise. */
  readonly columns: number;
  /** Colours text for results, or for notes; leaves it as it is in a pipe and with NO_COLOR. */
  paint(style: Style, text: string): string;
  paintNote(style: Style, text: string): string;
}

export type Style = "bold" | "dim" | "red" | "yellow" | "green" | "cyan";

/** The terminal of this process. */
export function createTerminal(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  return {
    out: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    outIsTerminal: stdout.isTTY === true,
    noteIsTerminal: stderr.isTTY === true,
    columns: stdout.columns ?? 80,
    paint: (style, text) => paintFor(stdout, style, text),
    paintNote: (style, text) => paintFor(stderr, style, text),
  };
}

/** `hasColors` knows NO_COLOR, FORCE_COLOR and TERM=dumb. */
function paintFor(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return stream.isTTY === true && stream.hasColors() ? styleText(style, text) : text;
}
