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
} from "@rollcall/protocol";
import type { Clock } from "./ports.js";

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

/** One attempt while it happens: the parts of the service note here what they see. */
export class Attempt {
  readonly trackingId = randomUUID();
  readonly facts: AttemptFacts;
  readonly #clock: Clock;
  readonly #steps: { name: string; atMs: number }[] = [];
  #findings: readonly Finding[] = [];
  outcome: AttemptOutcome = "open";
  attestation?: AttestationKind;
  enrollment?: NonNullable<AttemptRecord["enrollment"]>;
  assignedHub?: string;
  deviceId?: string;
  operationId?: string;
  reply?: NonNullable<AttemptRecord["reply"]>;

  constructor(facts: AttemptFacts, clock: Clock) {
    this.facts = facts;
    this.#clock = clock;
    if (facts.securedAt !== undefined) this.#steps.push({ name: "tls", atMs: facts.securedAt - facts.acceptedAt });
  }

  /** Notes that something happened now. */
  step(name: string): void {
    if (this.#steps.length < 64) this.#steps.push({ name, atMs: this.#clock() - this.facts.acceptedAt });
  }

  /** Adds findings, each code once for each element it is about, and ranks all; returns the ranked ones. */
  add(...findings: readonly Finding[]): readonly Finding[] {
    if (findings.length === 0) return this.#findings;
    const known = new Set(this.#findings.map((each) => `${each.code} ${each.subject ?? ""}`));
    const fresh = findings.filter((each) => !known.has(`${each.code} ${each.subject ?? ""}`));
    this.#findings = rankFindings([...this.#findings, ...fresh]);
    return this.#findings;
  }

  get findings(): readonly Finding[] {
    return this.#findings;
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
      outcome: this.outcome,
      startedAt: acceptedAt,
      steps: [...this.#steps],
      findings: this.#findings,
    };
  }
}

/** The last attempts, found by tracking id and, the latest one, by registration id. Bounded: the oldest go first. */
export class AttemptLog {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #byTrackingId = new Map<string, Attempt>();
  readonly #latest = new Map<string, Attempt>();

  constructor(clock: Clock, capacity: number = limits.attempts) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Begins an attempt and keeps it. */
  begin(facts: AttemptFacts): Attempt {
    const attempt = new Attempt(facts, this.#clock);
    this.#byTrackingId.set(attempt.trackingId, attempt);
    if (facts.registrationId !== "") this.#latest.set(latestKey(facts.at, facts.registrationId), attempt);
    if (this.#byTrackingId.size > this.#capacity) this.#forgetOldest();
    return attempt;
  }

  #forgetOldest(): void {
    const [oldest] = this.#byTrackingId.values();
    if (!oldest) return;
    this.#byTrackingId.delete(oldest.trackingId);
    const key = latestKey(oldest.facts.at, oldest.facts.registrationId);
    if (this.#latest.get(key) === oldest) this.#latest.delete(key);
  }

  /** By tracking id; else the latest attempt of a registration id, at the service rather than at the hub when the id tried both and the hub took it. */
  find(id: string): AttemptRecord | undefined {
    const exact = this.#byTrackingId.get(id.toLowerCase());
    if (exact) return exact.record();
    const service = this.#latest.get(latestKey("service", id));
    const hub = this.#latest.get(latestKey("hub", id));
    if (!hub || !service) return (service ?? hub)?.record();
    const hubIsNews = hub.outcome === "refused" && hub.facts.acceptedAt >= service.facts.acceptedAt;
    return (hubIsNews ? hub : service).record();
  }

  /** Newest first. */
  recent(count: number): readonly AttemptRecord[] {
    return [...this.#byTrackingId.values()]
      .slice(-count)
      .reverse()
      .map((attempt) => attempt.record());
  }

  get size(): number {
    return this.#byTrackingId.size;
  }
}

function latestKey(at: AttemptFacts["at"], registrationId: string): string {
  return `${at}:${idKey(registrationId)}`;
}
