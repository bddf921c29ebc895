import { exitCodes } from "./exit-codes.js";

/**
 * Decides what Ctrl-C, SIGTERM and SIGHUP do: end the process or, after `hold()`, tell the command to finish cleanly.
 */
export interface Interrupts {
  /** From now on the first signal only aborts the returned AbortSignal; a second signal ends the process. */
  hold(): AbortSignal;
  /** The signal that arrived after `hold()`, if any. */
  readonly received: NodeJS.Signals | undefined;
}

const CODES = { SIGINT: exitCodes.interrupted.code, SIGTERM: 143, SIGHUP: 129 } as const;

/** Listens to the signals of this process. */
export function createInterrupts(): Interrupts {
  const controller = new AbortController();
  let held = false;
  let received: NodeJS.Signals | undefined;
  const listen = (name: keyof typeof CODES) =>
    process.on(name, () => {
      if (!held || received) process.exit(CODES[name]);
      received = name;
      controller.abort();
    });
  listen("SIGINT");
  listen("SIGTERM");
  listen("SIGHUP");
  return {
    hold() {
      held = true;
      return controller.signal;
    },
    get received() {
      return received;
    },
  };
}

/** Waits until the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
