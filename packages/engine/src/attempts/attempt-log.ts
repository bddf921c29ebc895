import { randomUUID } from "node:crypto";
import {
  type AttemptOutcome,
  type AttemptRecord,
  type AttestationKind,
  type Finding,
  idKey,
  limits,
  rankFindings,
  type Transport,
  type WebhookCall,
} from "@rollcall/protocol";
import type { Clock } from "../records/ports.js";

/** What is known when an attempt begins. */
export interface AttemptFacts {
  readonly at: "service" | "hub";
  readonly registrationId: string;
  readonly idScope?: string;
  readonly transport: Transport;
  readonly remote: string;
  readonly apiVersion?: string | undefined;
  readonly clientVersion?: string | undefined;
  /** Milliseconds since 1970 at TCP accept. */
  readonly acceptedAt: number;
  readonly securedAt?: number;
}

/** Steps kept of one attempt. */
const MAX_STEPS = 64;
/** Webhook calls kept of one attempt. */
const MAX_WEBHOOK_CALLS = 8;
const NO_FINDINGS: readonly Finding[] = [];

/** Who hears of changes: one object for all attempts of a log, so that an attempt that nobody watches costs one look at a field. */
interface Watch {
  tell: ((attempt: Attempt) => void) | undefined;
}
const UNWATCHED: Watch = { tell: undefined };

/** One attempt while it happens: the parts of the service note here what they see. */
export class Attempt {
  readonly trackingId = randomUUID();
  readonly facts: AttemptFacts;
  readonly #clock: Clock;
  readonly #watch: Watch;
  /** Name and milliseconds by turns: one object for all. Ten thousand attempts are kept, and the garbage collector walks them. */
  readonly #steps: (string | number)[] = [];
  #findings: readonly Finding[] = NO_FINDINGS;
  #outcome: AttemptOutcome = "open";
  attestation?: AttestationKind;
  enrollment?: NonNullable<AttemptRecord["enrollment"]>;
  assignedHub?: string;
  deviceId?: string;
  operationId?: string;
  reply?: NonNullable<AttemptRecord["reply"]>;
  #webhookCalls: WebhookCall[] | undefined;

  constructor(facts: AttemptFacts, clock: Clock, watch: Watch = UNWATCHED) {
    this.facts = facts;
    this.#clock = clock;
    this.#watch = watch;
    if (facts.securedAt !== undefined) this.#steps.push("tls", facts.securedAt - facts.acceptedAt);
  }

  get outcome(): AttemptOutcome {
    return this.#outcome;
  }

  set outcome(outcome: AttemptOutcome) {
    this.#outcome = outcome;
    this.#watch.tell?.(this);
  }

  /** Notes that something happened now. */
  step(name: string): void {
    if (this.#steps.length < 2 * MAX_STEPS) this.#steps.push(name, this.#clock() - this.facts.acceptedAt);
    this.#watch.tell?.(this);
  }

  /** Adds findings, each code once for each element it is about, and ranks all; returns the ranked ones. */
  add(...findings: readonly Finding[]): readonly Finding[] {
    if (findings.length === 0) return this.#findings;
    const known = new Set(this.#findings.map((each) => `${each.code} ${each.subject ?? ""}`));
    const fresh = findings.filter((each) => !known.has(`${each.code} ${each.subject ?? ""}`));
    this.#findings = rankFindings([...this.#findings, ...fresh]);
    this.#watch.tell?.(this);
    return this.#findings;
  }

  /** Notes a call of the allocation webhook. */
  webhookCalled(call: WebhookCall): void {
    this.#webhookCalls ??= [];
    if (this.#webhookCalls.length < MAX_WEBHOOK_CALLS) this.#webhookCalls.push(call);
    this.#watch.tell?.(this);
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  #stepList(): AttemptRecord["steps"] {
    const list: AttemptRecord["steps"][number][] = [];
    for (let at = 0; at < this.#steps.length; at += 2) {
      list.push({ name: String(this.#steps[at]), atMs: Number(this.#steps[at + 1]) });
    }
    return list;
  }

  /** The attempt as it stands, for readers. */
  record(): AttemptRecord {
    const { acceptedAt, securedAt: _, apiVersion, clientVersion, ...facts } = this.facts;
    return {
      ...facts,
      trackingId: this.trackingId,
      ...(apiVersion !== undefined && { apiVersion }),
      ...(clientVersion !== undefined && { clientVersion }),
      ...(this.attestation && { attestation: this.attestation }),
      ...(this.enrollment && { enrollment: this.enrollment }),
      ...(this.assignedHub && { assignedHub: this.assignedHub }),
      ...(this.deviceId && { deviceId: this.deviceId }),
      ...(this.operationId && { operationId: this.operationId }),
      ...(this.reply && { reply: this.reply }),
      outcome: this.#outcome,
      startedAt: acceptedAt,
      steps: this.#stepList(),
      ...(this.#webhookCalls && { webhookCalls: this.#webhookCalls }),
      findings: this.#findings,
    };
  }
}

/** An attempt in the log: as it happens, or, once it is settled, as text. */
interface Entry {
  readonly trackingId: string;
  /** Of the map of latest attempts; absent for a device that never said its id. */
  readonly latestKey: string | undefined;
  readonly acceptedAt: number;
  outcome: AttemptOutcome;
  attempt: Attempt | undefined;
  /** JSON of the record. A text is one thing to the garbage collector; the objects of an attempt are twenty. */
  text: string | undefined;
}

function recordOf(entry: Entry): AttemptRecord {
  // A cast: settle() wrote it.
  return entry.attempt ? entry.attempt.record() : (JSON.parse(entry.text ?? "") as AttemptRecord);
}

function outcomeOf(entry: Entry): AttemptOutcome {
  return entry.attempt?.outcome ?? entry.outcome;
}

export interface AttemptFilter {
  readonly outcome?: AttemptOutcome | undefined;
  readonly after?: string | undefined;
}

/** The last attempts, found by tracking id and, the latest one, by registration id. Bounded: the oldest go first. */
export class AttemptLog {
  readonly #clock: Clock;
  readonly #capacity: number;
  /** The newest take the places of the oldest. */
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

  /** Begins an attempt and keeps it. */
  begin(facts: AttemptFacts): Attempt {
    const attempt = new Attempt(facts, this.#clock, this.#watch);
    const { trackingId } = attempt;
    const key = facts.registrationId === "" ? undefined : latestKey(facts.at, facts.registrationId);
    const entry: Entry = {
      trackingId,
      latestKey: key,
      acceptedAt: facts.acceptedAt,
      outcome: "open",
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
    return attempt;
  }

  /**
   * Calls back in the middle of a registration, at each thing that is noted in an attempt: whoever watches has to be quick, and
   * reads the attempt later, when all that belongs together is noted. Returns what ends the watching.
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

  /** Nothing more will be noted in this attempt: it is kept as text from here on. */
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

  /** By tracking id; else the latest attempt of a registration id, at the service rather than at the hub when the id tried both and the hub took it. */
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

  /** Newest first; `after` is the tracking id of the last one of the page before. Nothing follows one that was forgotten. */
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
