import { setMaxListeners } from "node:events";

/** A time limit joined with the caller's signal: one signal for everything in an exchange. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #onCaller = (): void => this.#controller.abort(this.#caller?.reason);
  #expired = false;

  constructor(milliseconds: number, caller?: AbortSignal) {
    this.#caller = caller;
    setMaxListeners(0, this.#controller.signal);
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#controller.abort(new Error(`no answer within ${milliseconds} ms`));
    }, milliseconds);
    caller?.addEventListener("abort", this.#onCaller, { once: true });
    if (caller?.aborted) this.#onCaller();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True when the time limit was reached, as opposed to the caller's abort. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Removes timer and listener; must be called, or the listeners of a long-lived caller's signal pile up. */
  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#onCaller);
  }
}
