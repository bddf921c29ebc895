/** What has to be undone, last first; everything is tried, whatever fails. */
export class Teardown {
  readonly #steps: (() => unknown)[] = [];
  readonly #watchers: (() => void)[] = [];
  #running: Promise<void> | undefined;

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Calls back when all is undone. */
  onDone(watcher: () => void): void {
    this.#watchers.push(watcher);
  }

  /** Undoes everything once; later calls wait for the first. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch {
        // What is left must be undone all the same.
      }
    }
    for (const watcher of this.#watchers) watcher();
  }
}
