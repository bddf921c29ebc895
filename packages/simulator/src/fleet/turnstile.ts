/** Runs a limited number of tasks at the same time; further tasks wait in a queue. */
export class Turnstile {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Runs a task as soon as there is a free place. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      // A place is handed over, not freed: otherwise a new task in between would exceed the limit.
      if (next) next();
      else this.#free += 1;
    }
  }
}
