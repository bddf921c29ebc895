import type { Context } from "./context.js";

/** Shows progress on a terminal, and nothing in a pipe. Returns a function that removes the progress text. */
export async function showProgress({ terminal }: Context, text: () => string): Promise<() => void> {
  if (!terminal.noteIsTerminal) return () => undefined;
  const { createLive } = await import("./live.js");
  const live = createLive();
  live.show(text);
  return () => live.clear();
}
