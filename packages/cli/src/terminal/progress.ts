import type { Context } from "./context.js";

/** Shows how far something is to a person, and nothing in a pipe. Returns what takes it off the terminal again. */
export async function showProgress({ terminal }: Context, text: () => string): Promise<() => void> {
  if (!terminal.noteIsTerminal) return () => undefined;
  const { createLive } = await import("./live.js");
  const live = createLive();
  live.show(text);
  return () => live.clear();
}
