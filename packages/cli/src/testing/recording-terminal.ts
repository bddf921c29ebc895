import type { Terminal } from "../terminal/terminal.js";

/** A terminal that records everything written to it. */
export interface RecordingTerminal extends Terminal {
  readonly written: { out: string; notes: string };
}

/** Makes a recording terminal: a pipe, or a screen of a width whose user gives this answer. */
export function recordingTerminal(screen?: { readonly columns: number; readonly answer?: string }): RecordingTerminal {
  const written = { out: "", notes: "" };
  const plain = (_style: string, text: string) => text;
  return {
    written,
    out(text) {
      written.out += `${text}\n`;
    },
    async write(piece) {
      written.out += Buffer.from(piece).toString();
    },
    note(text) {
      written.notes += `${text}\n`;
    },
    ask: async (question) => {
      written.notes += question;
      return screen?.answer;
    },
    outIsTerminal: screen !== undefined,
    noteIsTerminal: screen !== undefined,
    columns: screen?.columns ?? 80,
    paint: plain,
    paintNote: plain,
  };
}
