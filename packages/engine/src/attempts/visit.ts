import type { AttemptRecord, Finding, Reply } from "@rollcall/protocol";
import type { Attempt, AttemptFacts } from "./attempt.js";
import type { Admission, FrontEndParts, UnnotedRequest } from "./engine-types.js";

/**
 * A device on a connection over which it proves its identity once and then sends its requests (MQTT). The first
 * register request belongs to the attempt that began with the connection, each later one is a new attempt, and a poll
 * belongs to the attempt of the registration before it. Requests must come one after another: a front end answers them
 * in order.
 */
export class Visit {
  readonly #parts: FrontEndParts;
  #attempt: Attempt;
  #registers = 0;

  /** Begins the attempt of the connection. */
  constructor(facts: AttemptFacts, parts: FrontEndParts) {
    this.#parts = parts;
    this.#attempt = parts.attempts.begin(facts);
  }

  /** The attempt to which requests belong now. */
  get attempt(): Attempt {
    return this.#attempt;
  }

  /** Decides whether the device may connect. */
  admit(request: UnnotedRequest): Promise<Admission> {
    return this.#parts.engine.admit({ ...request, attempt: this.#attempt });
  }

  /** Ends the attempt of a refused connection. `reply` is the answer that was sent. */
  turnAway(findings: readonly Finding[], reply: NonNullable<AttemptRecord["reply"]>): void {
    this.#attempt.add(...findings);
    this.#attempt.outcome = "refused";
    this.#attempt.reply = reply;
  }

  /** Answers a register request; `body` as received. */
  register(request: UnnotedRequest, body: Uint8Array): Promise<Reply> {
    const { attempts, engine, clock } = this.#parts;
    this.#registers++;
    if (this.#registers > 1) {
      const { securedAt: _, ...facts } = this.#attempt.facts;
      this.#attempt = attempts.begin({ ...facts, acceptedAt: clock() });
    }
    return engine.register({ ...request, body, attempt: this.#attempt });
  }

  /** Answers a poll. */
  operationStatus(request: UnnotedRequest, operationId: string): Promise<Reply> {
    return this.#parts.engine.operationStatus({ ...request, operationId, attempt: this.#attempt });
  }

  /** Notes that the device has disconnected; an open attempt becomes abandoned. */
  leave(): void {
    this.#attempt.step("closed");
    if (this.#attempt.outcome === "open") this.#attempt.outcome = "abandoned";
  }

  /** Call this after the device has disconnected and its last request has ended: nothing more will be noted. */
  settle(): void {
    this.#parts.attempts.settle(this.#attempt);
  }
}
