import { setMaxListeners } from "node:events";

/** A time limit joined with the caller's signal: one signal that everything of an exchange hangs on. */
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

  /** True when time ran out, as opposed to the caller's abort. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Lets go of timer and listener; must be called, or a long-lived caller's signal collects them. */
  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#onCaller);
  }
}
