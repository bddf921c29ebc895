import type { ServerResponse } from "node:http";
import type { Attempt, AttemptLog } from "@rollcall/engine";
import { summarizeAttempt } from "@rollcall/protocol";

/** Changes are collected this long: notes of one step come together, so that an attempt is sent only once for them. */
const GATHER_MS = 200;
/** Maximal number of attempts that are sent at a time; under more load, nobody could read each line. */
const MAX_GATHERED = 500;
/** A comment is sent over an idle stream at this interval, so that both ends notice when the connection is lost. */
const HEARTBEAT_MS = 15_000;
/** A reader with more unread data than this is dropped, because that data piles up in our memory. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_READERS = 16;

export interface AttemptEventsOptions {
  readonly gatherMs?: number;
  readonly maxGathered?: number;
  readonly heartbeatMs?: number;
  readonly maxUnreadBytes?: number;
  readonly maxReaders?: number;
}

/**
 * Sends attempts that began or changed to any number of readers, as server-sent events. Without readers it costs
 * nothing.
 */
export class AttemptEvents {
  readonly #log: AttemptLog;
  readonly #options: Required<AttemptEventsOptions>;
  readonly #readers = new Set<ServerResponse>();
  /** In the order of their first change; their state is read when they are sent. */
  readonly #changed = new Map<string, Attempt>();
  #missed = 0;
  #stop: (() => void) | undefined;

  constructor(log: AttemptLog, options: AttemptEventsOptions = {}) {
    this.#log = log;
    this.#options = {
      gatherMs: GATHER_MS,
      maxGathered: MAX_GATHERED,
      heartbeatMs: HEARTBEAT_MS,
      maxUnreadBytes: MAX_UNREAD_BYTES,
      maxReaders: MAX_READERS,
      ...options,
    };
  }

  /** True when no more readers can be served. */
  get full(): boolean {
    this.#forgetGone();
    return this.#readers.size >= this.#options.maxReaders;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Answers with a stream that ends when the reader disconnects, reads too slowly, or `close` is called. */
  open(response: ServerResponse): void {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.write(": attempts from here on\n\n");
    this.#readers.add(response);
    response.once("close", () => this.#forget(response));
    this.#stop ??= this.#start();
  }

  /** Ends every stream. */
  close(): void {
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    this.#rest();
  }

  #start(): () => void {
    const { gatherMs, heartbeatMs } = this.#options;
    const unwatch = this.#log.watch((attempt) => this.#note(attempt));
    const gather = setInterval(() => this.#flush(), gatherMs).unref();
    const heartbeat = setInterval(() => this.#send(": still here\n\n"), heartbeatMs).unref();
    return () => {
      unwatch();
      clearInterval(gather);
      clearInterval(heartbeat);
    };
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#changed.clear();
    this.#missed = 0;
  }

  #forget(reader: ServerResponse): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#rest();
  }

  #note(attempt: Attempt): void {
    if (this.#changed.size < this.#options.maxGathered || this.#changed.has(attempt.trackingId))
      this.#changed.set(attempt.trackingId, attempt);
    else this.#missed += 1;
  }

  #flush(): void {
    if (this.#changed.size === 0) return;
    const events = [...this.#changed.values()].map((attempt) =>
      formatEvent("attempt", summarizeAttempt(attempt.record())),
    );
    if (this.#missed > 0) events.push(formatEvent("missed", { count: this.#missed }));
    this.#changed.clear();
    this.#missed = 0;
    this.#send(events.join(""));
  }

  /** A response that waits for an earlier response on its connection gets no event when the connection closes. */
  #forgetGone(): void {
    for (const reader of this.#readers) if (reader.req.socket.destroyed) this.#forget(reader);
  }

  #send(text: string): void {
    this.#forgetGone();
    for (const reader of this.#readers) {
      if (reader.writableLength > this.#options.maxUnreadBytes) reader.destroy();
      else reader.write(text);
    }
  }
}

/** JSON contains no line ends, so the data fits one line. */
function formatEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
