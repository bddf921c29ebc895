/** The cleanup steps, run in reverse order. Every step runs, even when another fails. */
export class Teardown {
  readonly #steps: (() => unknown)[] = [];
  readonly #watchers: (() => void)[] = [];
  #running: Promise<void> | undefined;

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Calls back when all steps have run. */
  onDone(watcher: () => void): void {
    this.#watchers.push(watcher);
  }

  /** Runs the steps once; later calls wait for the first. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch {
        // The other steps must run all the same.
      }
    }
    for (const watcher of this.#watchers) watcher();
  }
}
