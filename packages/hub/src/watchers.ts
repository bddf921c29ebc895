/** Who wants to hear of something. */
export class Watchers<Event extends readonly unknown[]> {
  readonly #entries = new Set<(...event: Event) => void>();

  /** Returns the way to stop. */
  add(watcher: (...event: Event) => void): () => void {
    // A function of its own for each call, so that one watcher may watch twice and stop once.
    const entry = (...event: Event) => watcher(...event);
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  tell(...event: Event): void {
    for (const entry of this.#entries) entry(...event);
  }
}
