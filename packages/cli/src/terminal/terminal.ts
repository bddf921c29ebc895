import { styleText } from "node:util";

/**
 * Output of a command. Standard output carries only results, which a program may read. Everything else (progress,
 * notes, errors) goes to standard error, so that a pipe stays clean.
 */
export interface Terminal {
  /** Writes a line of the result. */
  out(text: string): void;
  /** Writes a piece of a result unchanged; settles when the stream can take the next piece. */
  write(piece: Uint8Array): Promise<void>;
  /** Writes a line for the user. */
  note(text: string): void;
  /** True when standard output is a terminal; only then are tables and colours the default. */
  readonly outIsTerminal: boolean;
  readonly noteIsTerminal: boolean;
  /**
   * Asks a person and returns the line they type; undefined when standard input or standard error is not a terminal.
   */
  ask(question: string): Promise<string | undefined>;
  /** Width of standard output; 80 when it is unknown. */
  readonly columns: number;
  /** Colours text for results (`paintNote`: for notes). Leaves it unchanged in a pipe and with NO_COLOR. */
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
      // Ctrl-C and Ctrl-D close the question without an answer, which is not consent.
      lines.once("close", () => resolve(""));
      lines.question(question, resolve);
    });
  } finally {
    lines.close();
  }
}

/** `hasColors` respects NO_COLOR, FORCE_COLOR and TERM=dumb. */
function paintFor(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return stream.isTTY === true && stream.hasColors() ? styleText(style, text) : text;
}
