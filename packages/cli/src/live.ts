import { createLogUpdate } from "log-update";

/** Text at the bottom of the terminal that is drawn over: on standard error, so that results stay clean. */
export interface Live {
  /** Draws, at most ten times a second; `text` is called only when it is drawn. */
  show(text: () => string): void;
  /** Draws now, and leaves it standing. */
  keep(text: string): void;
  /** Takes it away. */
  clear(): void;
}

const INTERVAL_MS = 100;

export function createLive(): Live {
  const update = createLogUpdate(process.stderr);
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      const now = performance.now();
      if (now - drawn < INTERVAL_MS) return;
      drawn = now;
      update(text());
    },
    keep(text) {
      update(text);
      update.done();
    },
    clear() {
      update.clear();
      update.done();
    },
  };
}
