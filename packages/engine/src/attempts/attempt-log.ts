import { type AttemptOutcome, type AttemptRecord, idKey, limits } from "@rollcall/protocol";
import type { Clock } from "../records/ports.js";
import { Attempt, type AttemptFacts, type Watch } from "./attempt.js";

/** An attempt in the log: an object while it happens, JSON text after it is settled. */
interface Entry {
  readonly trackingId: string;
  /** Key in the map of latest attempts; absent when the device sent no registration id. */
  readonly latestKey: string | undefined;
  readonly acceptedAt: number;
  outcome: AttemptOutcome;
  attempt: Attempt | undefined;
  /** JSON of the record: a text is a single object for the garbage collector, an attempt consists of twenty. */
  text: string | undefined;
}

function recordOf(entry: Entry): AttemptRecord {
  // A cast: settle() wrote this text.
  return entry.attempt ? entry.attempt.record() : (JSON.parse(entry.text ?? "") as AttemptRecord);
}

function outcomeOf(entry: Entry): AttemptOutcome {
  return entry.attempt?.outcome ?? entry.outcome;
}

export interface AttemptFilter {
  readonly outcome?: AttemptOutcome | undefined;
  readonly after?: string | undefined;
}

/**
 * The last attempts, found by tracking id, and the latest attempt by registration id. Bounded: the oldest are dropped
 * first.
 */
export class AttemptLog {
  readonly #clock: Clock;
  readonly #capacity: number;
  /** A ring buffer: the newest attempt replaces the oldest. */
  readonly #ring: Entry[] = [];
  #next = 0;
  readonly #byTrackingId = new Map<string, Entry>();
  readonly #latest = new Map<string, Entry>();
  readonly #watch: Watch = { tell: undefined };
  readonly #watchers = new Set<(attempt: Attempt) => void>();

  constructor(clock: Clock, capacity: number = limits.attempts) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Begins an attempt and adds it to the log. */
  begin(facts: AttemptFacts): Attempt {
    const attempt = new Attempt(facts, this.#clock, this.#watch);
    this.#enter(attempt);
    return attempt;
  }

  /** Adds an attempt that began outside of the log, because people may ask for its outcome. */
  keep(attempt: Attempt): void {
    attempt.watchedBy(this.#watch);
    this.#enter(attempt);
  }

  #enter(attempt: Attempt): void {
    const { trackingId, facts } = attempt;
    const key = facts.registrationId === "" ? undefined : latestKey(facts.at, facts.registrationId);
    const entry: Entry = {
      trackingId,
      latestKey: key,
      acceptedAt: facts.acceptedAt,
      outcome: attempt.outcome,
      attempt,
      text: undefined,
    };
    const oldest = this.#ring[this.#next];
    if (oldest) this.#forget(oldest);
    this.#ring[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#byTrackingId.set(trackingId, entry);
    if (key !== undefined) this.#latest.set(key, entry);
    this.#watch.tell?.(attempt);
  }

  /**
   * Calls back in the middle of a registration, at each note in an attempt. The watcher has to return quickly, and
   * should read the attempt later, when all related notes are written. Returns the function that ends the watching.
   */
  watch(watcher: (attempt: Attempt) => void): () => void {
    const watchers = this.#watchers;
    const update = () => {
      this.#watch.tell = watchers.size === 0 ? undefined : (attempt) => watchers.forEach((each) => void each(attempt));
    };
    watchers.add(watcher);
    update();
    return () => {
      watchers.delete(watcher);
      update();
    };
  }

  /** Stores the attempt as text, since nothing more will be noted in it. */
  settle(attempt: Attempt): void {
    const entry = this.#byTrackingId.get(attempt.trackingId);
    if (!entry?.attempt) return;
    entry.text = JSON.stringify(attempt.record());
    entry.outcome = attempt.outcome;
    entry.attempt = undefined;
  }

  #forget(entry: Entry): void {
    this.#byTrackingId.delete(entry.trackingId);
    if (entry.latestKey !== undefined && this.#latest.get(entry.latestKey) === entry)
      this.#latest.delete(entry.latestKey);
  }

  /**
   * Finds an attempt by tracking id, else the latest attempt of a registration id. If the id has attempts at the
   * service and at the hub, returns that at the service, unless the hub refused the later attempt.
   */
  find(id: string): AttemptRecord | undefined {
    const exact = this.#byTrackingId.get(id.toLowerCase());
    if (exact) return recordOf(exact);
    const service = this.#latest.get(latestKey("service", id));
    const hub = this.#latest.get(latestKey("hub", id));
    const found = hub && service ? this.#tellsMore(service, hub) : (service ?? hub);
    return found && recordOf(found);
  }

  #tellsMore(service: Entry, hub: Entry): Entry {
    return outcomeOf(hub) === "refused" && hub.acceptedAt >= service.acceptedAt ? hub : service;
  }

  /**
   * The newest attempts first; `after` is the tracking id of the last attempt of the page before. Returns nothing after
   * an attempt that was dropped.
   */
  recent(count: number, { outcome, after }: AttemptFilter = {}): readonly AttemptRecord[] {
    const found: Entry[] = [];
    let started = after === undefined;
    for (let back = 1; back <= this.#ring.length && found.length < count; back += 1) {
      const entry = this.#ring.at((this.#next - back) % this.#capacity);
      if (!entry) continue;
      if (started && (outcome === undefined || outcomeOf(entry) === outcome)) found.push(entry);
      started ||= entry.trackingId === after;
    }
    return found.map(recordOf);
  }

  get size(): number {
    return this.#byTrackingId.size;
  }
}

function latestKey(at: AttemptFacts["at"], registrationId: string): string {
  return `${at}:${idKey(registrationId)}`;
}
