import type { Context } from "./context.js";

/** Counts records; a person sees the count grow, a pipe sees nothing. */
export interface Progress {
  readonly add: (records: number) => void;
  /** `1,200 records`. */
  text(): string;
  /** Takes it off the terminal. */
  clear(): void;
}

/** Starts counting. */
export async function showProgress({ terminal }: Context, verb: string): Promise<Progress> {
  let records = 0;
  const text = () => `${records.toLocaleString("en")} record${records === 1 ? "" : "s"}`;
  const live = terminal.noteIsTerminal ? (await import("./live.js")).createLive() : undefined;
  live?.show(() => `${verb} ${text()}`);
  return {
    add: (more) => {
      records += more;
    },
    text,
    clear: () => live?.clear(),
  };
}
