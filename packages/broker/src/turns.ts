/** A request being answered. */
export type Work = () => Promise<void>;

/** Requests of one connection, answered one after another: replies keep their order, and one device keeps one slot busy. */
export class Turns {
  readonly #waiting: { work: Work; done: (() => void) | undefined }[] = [];
  #running = false;

  /** How many are waiting or running. */
  get size(): number {
    return this.#waiting.length + (this.#running ? 1 : 0);
  }

  /** Lets `work`, which must not reject, run when its turn comes; calls `done` after it. */
  add(work: Work, done?: () => void): void {
    this.#waiting.push({ work, done });
    if (!this.#running) void this.#run();
  }

  /** Forgets what has not begun. */
  clear(): void {
    this.#waiting.length = 0;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      await next.work();
      next.done?.();
      // Works that never wait (the store in memory) would be one chain of microtasks, and nobody else would have a turn.
      if (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = false;
  }
}
