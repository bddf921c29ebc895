import type { FleetProgress } from "@rollcall/simulator";
import { createLive } from "../../terminal/live.js";
import type { Terminal } from "../../terminal/terminal.js";

export interface ProgressView {
  show(progress: FleetProgress): void;
  end(): void;
}

/** A pipe gets a line this often. */
const PIPE_INTERVAL_MS = 5000;

/** Shows the progress of a run: a bar on a terminal, a line every few seconds in a pipe. */
export function createProgress(terminal: Terminal, wanted: boolean): ProgressView {
  const started = performance.now();
  if (wanted && terminal.noteIsTerminal) {
    const live = createLive();
    let latest: FleetProgress | undefined;
    live.show(() => (latest ? progressLine(latest, performance.now() - started) : "starting"));
    return {
      show: (progress) => {
        latest = progress;
      },
      end: () => live.clear(),
    };
  }
  let last = started;
  return {
    show(progress) {
      const now = performance.now();
      if (now - last < PIPE_INTERVAL_MS) return;
      last = now;
      terminal.note(countsText(progress));
    },
    end() {},
  };
}

const BAR_WIDTH = 24;

/** A bar of fixed width. */
export function progressBar(done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.round((Math.min(done, total) / total) * BAR_WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}`;
}

function progressLine(progress: FleetProgress, elapsedMs: number): string {
  return `${progressBar(progress.done, progress.total)} ${countsText(progress)}  ${(elapsedMs / 1000).toFixed(1)}s`;
}

function countsText({ total, done, assigned, refused, unexpected }: FleetProgress): string {
  const odd = unexpected > 0 ? `, ${unexpected} unexpected` : "";
  return `${done}/${total} devices: ${assigned} assigned, ${refused} refused${odd}`;
}
