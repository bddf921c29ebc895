/** The answering of a request. */
export type Work = () => Promise<void>;

/** Requests of one connection, answered one after another: replies stay in order, and one device occupies one slot. */
export class Turns {
  readonly #waiting: { work: Work; done: (() => void) | undefined }[] = [];
  #running = false;

  /** Number of requests that are waiting or running. */
  get size(): number {
    return this.#waiting.length + (this.#running ? 1 : 0);
  }

  /** Runs `work`, which must not reject, after all earlier work; calls `done` after it. */
  add(work: Work, done?: () => void): void {
    this.#waiting.push({ work, done });
    if (!this.#running) void this.#run();
  }

  /** Drops work that has not begun. */
  clear(): void {
    this.#waiting.length = 0;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      await next.work();
      next.done?.();
      // Work that never waits (on the memory store) would form one chain of microtasks, which would block everything
      // else.
      if (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = false;
  }
}
