import { randomUUID } from "node:crypto";
import {
  type AttemptOutcome,
  type AttemptRecord,
  type AttestationKind,
  type Finding,
  rankFindings,
  type Transport,
  type WebhookCall,
} from "@rollcall/protocol";
import type { Clock } from "../records/ports.js";

/** The facts that are known when an attempt begins. */
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

/** Longest text from the network that an attempt keeps: the log has ten thousand attempts. */
const MAX_FACT = 256;
const textFacts = ["registrationId", "idScope", "apiVersion", "clientVersion"] as const;

/** Returns the facts with copies of texts that are too long; a slice would keep the whole text in memory. */
function shortened(facts: AttemptFacts): AttemptFacts {
  const isLong = (name: (typeof textFacts)[number]) => (facts[name]?.length ?? 0) > MAX_FACT;
  if (!textFacts.some(isLong)) return facts;
  const short = (text = "") => Buffer.from(text.slice(0, MAX_FACT)).toString();
  return { ...facts, ...Object.fromEntries(textFacts.filter(isLong).map((name) => [name, short(facts[name])])) };
}

/** Maximal number of steps of one attempt. */
const MAX_STEPS = 64;
/** Maximal number of webhook calls of one attempt. */
const MAX_WEBHOOK_CALLS = 8;
const NO_FINDINGS: readonly Finding[] = [];

/**
 * The listener for changes: one object for all attempts of a log, so that an unwatched attempt costs one look at a
 * field.
 */
export interface Watch {
  tell: ((attempt: Attempt) => void) | undefined;
}
const UNWATCHED: Watch = { tell: undefined };

/** One attempt while it happens: the parts of the service write their notes here. */
export class Attempt {
  readonly trackingId = randomUUID();
  readonly facts: AttemptFacts;
  readonly #clock: Clock;
  #watch: Watch;
  /**
   * Names and milliseconds alternate in one array instead of an object for each step: the garbage collector walks ten
   * thousand attempts.
   */
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
    this.facts = shortened(facts);
    this.#clock = clock;
    this.#watch = watch;
    if (facts.securedAt !== undefined) this.#steps.push("tls", facts.securedAt - facts.acceptedAt);
  }

  /** Starts to report changes: the attempt was added to a log. */
  watchedBy(watch: Watch): void {
    this.#watch = watch;
  }

  get outcome(): AttemptOutcome {
    return this.#outcome;
  }

  set outcome(outcome: AttemptOutcome) {
    this.#outcome = outcome;
    this.#watch.tell?.(this);
  }

  /** Notes a step, with the current time. */
  step(name: string): void {
    if (this.#steps.length < 2 * MAX_STEPS) this.#steps.push(name, this.#clock() - this.facts.acceptedAt);
    this.#watch.tell?.(this);
  }

  /** Adds findings and ranks all of them; each code at most once for each element. Returns the ranked findings. */
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

  /** The attempt in its current state, for readers. */
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
