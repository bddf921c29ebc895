import type { FleetProgress } from "@rollcall/simulator";
import { formatMs } from "./durations.js";
import { progressBar } from "./fleet-progress.js";
import { createLive } from "./live.js";
import type { Terminal } from "./terminal.js";

/** What the demo does, in order, with what each says while it goes on. */
export interface DemoView {
  /** Shows a step as under way until the work is done, then as done, with what it returned to say. */
  step<T>(name: string, work: () => Promise<T>, say: (value: T) => string): Promise<T>;
  progress(progress: FleetProgress): void;
  end(): void;
}

const NAME_WIDTH = 12;

/** Live on a terminal, a line for each finished step in a pipe; all of it on standard error. */
export function createDemoView(terminal: Terminal): DemoView {
  const live = terminal.noteIsTerminal ? createLive() : undefined;
  const counts = { twins: 0 };
  return {
    async step(name, work, say) {
      const started = performance.now();
      live?.show(() => `${terminal.paintNote("cyan", "›")} ${name.padEnd(NAME_WIDTH)}`);
      const value = await work();
      const line = `${terminal.paintNote("green", "✓")} ${name.padEnd(NAME_WIDTH)} ${say(value)}, ${formatMs(performance.now() - started)}`;
      if (live) live.keep(line);
      else terminal.note(line);
      return value;
    },
    progress(progress) {
      if (progress.device?.end.outcome === "assigned" && progress.device.end.twin === "asPrescribed") counts.twins += 1;
      live?.show(() => progressText(progress, counts.twins, terminal));
    },
    end: () => live?.clear(),
  };
}

/** One line for each phase that the devices are in. */
function progressText(progress: FleetProgress, twins: number, terminal: Terminal): string {
  const arrow = terminal.paintNote("cyan", "›");
  const { total, done, assigned, refused } = progress;
  return [
    `${arrow} ${"registering".padEnd(NAME_WIDTH)} ${progressBar(done, total)} ${done}/${total}: ${assigned} assigned, ${refused} refused`,
    `${arrow} ${"twins".padEnd(NAME_WIDTH)} ${progressBar(twins, Math.max(1, assigned))} ${twins}/${assigned} as prescribed`,
  ].join("\n");
}
