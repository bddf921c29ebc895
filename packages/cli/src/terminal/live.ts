import { createLogUpdate } from "log-update";

/** Text at the bottom of the terminal that is redrawn in place. It uses standard error, so that results stay clean. */
export interface Live {
  /** Draws this text from now on, ten times a second. */
  show(text: () => string): void;
  /** Draws a last text, which stays on the terminal. */
  keep(text: string): void;
  /** Removes the text. */
  clear(): void;
}

const INTERVAL_MS = 100;

export function createLive(): Live {
  const update = createLogUpdate(process.stderr);
  let text: () => string = () => "";
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    show(next) {
      text = next;
      if (timer) return;
      update(text());
      timer = setInterval(() => update(text()), INTERVAL_MS).unref();
    },
    keep(last) {
      stop();
      update(last);
      update.done();
    },
    clear() {
      stop();
      update.clear();
      update.done();
    },
  };
}
