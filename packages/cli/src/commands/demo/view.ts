import type { FleetProgress } from "@rollcall/simulator";
import { formatMs } from "../../terminal/durations.js";
import { createLive } from "../../terminal/live.js";
import type { Terminal } from "../../terminal/terminal.js";
import { progressBar } from "../fleet/progress.js";

/** Shows the steps of the demo, in order, and the progress within a step. */
export interface DemoView {
  /** Shows a step as running until the work is done, then as done, with the text that `say` makes of its result. */
  step<T>(name: string, work: () => Promise<T>, say: (value: T) => string): Promise<T>;
  progress(progress: FleetProgress): void;
  end(): void;
}

const NAME_WIDTH = 12;

/** Writes to standard error: a live view on a terminal, a line per finished step in a pipe. */
export function createDemoView(terminal: Terminal): DemoView {
  const live = terminal.noteIsTerminal ? createLive() : undefined;
  const arrow = terminal.paintNote("cyan", "›");
  let twins = 0;
  let latest: FleetProgress | undefined;
  return {
    async step(name, work, say) {
      const started = performance.now();
      const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)}s`;
      latest = undefined;
      live?.show(() =>
        latest
          ? progressText(latest, { twins, arrow, elapsed: elapsed() })
          : `${arrow} ${name.padEnd(NAME_WIDTH)} ${elapsed()}`,
      );
      const value = await work();
      const line = `${terminal.paintNote("green", "✓")} ${name.padEnd(NAME_WIDTH)} ${say(value)}, ${formatMs(performance.now() - started)}`;
      if (live) live.keep(line);
      else terminal.note(line);
      return value;
    },
    progress(progress) {
      if (progress.device?.end.outcome === "assigned" && progress.device.end.twin === "asPrescribed") twins += 1;
      latest = progress;
    },
    end: () => live?.clear(),
  };
}

/** One line for each phase that the devices go through. */
function progressText(progress: FleetProgress, look: { twins: number; arrow: string; elapsed: string }): string {
  const { total, started, done, assigned, refused } = progress;
  const row = (name: string, part: number, whole: number, text: string) =>
    `${look.arrow} ${name.padEnd(NAME_WIDTH)} ${progressBar(part, whole)} ${text}`;
  const waiting = started === total && done < total && assigned === 0 ? ", told to wait" : "";
  return [
    row("registering", started, total, `${started}/${total} ${look.elapsed}${waiting}`),
    row("answered", done, total, `${done}/${total}: ${assigned} assigned, ${refused} refused`),
    row("twins", look.twins, total - refused, `${look.twins}/${assigned} as prescribed`),
  ].join("\n");
}
