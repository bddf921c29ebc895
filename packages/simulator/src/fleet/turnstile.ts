/** Lets a bounded number of tasks run at once; the others wait their turn. */
export class Turnstile {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Runs a task when it is its turn. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      // A place is handed over, not freed: a newcomer in between would make one too many.
      if (next) next();
      else this.#free += 1;
    }
  }
}
