/** The callbacks that are registered for an event. */
export class Watchers<Event extends readonly unknown[]> {
  readonly #entries = new Set<(...event: Event) => void>();

  /** Returns the function that removes the watcher. */
  add(watcher: (...event: Event) => void): () => void {
    // A new function for each call, so that the same watcher can be added twice and removed once.
    const entry = (...event: Event) => watcher(...event);
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  tell(...event: Event): void {
    for (const entry of this.#entries) entry(...event);
  }
}
