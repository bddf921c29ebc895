import { styleText } from "node:util";

/**
 * The rules for what goes where. Standard output carries results only: what a program would read. Everything else
 * (progress, notes, errors) goes to standard error, so that a pipe stays clean.
 */
export interface Terminal {
  /** A line of result. */
  out(text: string): void;
  /** A piece of a result as it is; settles when there is room for the next. */
  write(piece: Uint8Array): Promise<void>;
  /** A line for the eye. */
  note(text: string): void;
  /** True when a person sees the results: tables and colours are for them. */
  readonly outIsTerminal: boolean;
  readonly noteIsTerminal: boolean;
  /** Asks a person and returns the line they type; undefined where nobody can answer: input or notes are no terminal. */
  ask(question: string): Promise<string | undefined>;
  /** Width of the results; 80 where nothing says otherwise. */
  readonly columns: number;
  /** Colours text for results, or for notes; leaves it as it is in a pipe and with NO_COLOR. */
  paint(style: Style, text: string): string;
  paintNote(style: Style, text: string): string;
}

export type Style = "bold" | "dim" | "red" | "yellow" | "green" | "cyan";

/** The terminal of this process. */
export function createTerminal(
  stdin: NodeJS.ReadStream,
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
): Terminal {
  return {
    out: (text) => void stdout.write(`${text}\n`),
    write: (piece) => writeTo(stdout, piece),
    note: (text) => void stderr.write(`${text}\n`),
    outIsTerminal: stdout.isTTY === true,
    noteIsTerminal: stderr.isTTY === true,
    ask: (question) => askOn(stdin, stderr, question),
    columns: stdout.columns ?? 80,
    paint: (style, text) => paintFor(stdout, style, text),
    paintNote: (style, text) => paintFor(stderr, style, text),
  };
}

async function writeTo(stream: NodeJS.WriteStream, piece: Uint8Array): Promise<void> {
  if (!stream.write(piece)) await new Promise((resolve) => stream.once("drain", resolve));
}

async function askOn(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<string | undefined> {
  if (input.isTTY !== true || output.isTTY !== true) return undefined;
  const { createInterface } = await import("node:readline");
  const lines = createInterface({ input, output });
  try {
    return await new Promise<string>((resolve) => {
      // Ctrl-C and Ctrl-D close it unanswered: that is no consent.
      lines.once("close", () => resolve(""));
      lines.question(question, resolve);
    });
  } finally {
    lines.close();
  }
}

/** `hasColors` knows NO_COLOR, FORCE_COLOR and TERM=dumb. */
function paintFor(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return stream.isTTY === true && stream.hasColors() ? styleText(style, text) : text;
}
