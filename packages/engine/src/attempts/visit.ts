import type { AttemptRecord, Finding, Reply } from "@rollcall/protocol";
import type { Attempt, AttemptFacts } from "./attempt.js";
import type { Admission, FrontEndParts, UnnotedRequest } from "./engine-types.js";

/**
 * A device on a connection over which it proves itself once and then asks one thing after another (MQTT). The first register
 * request belongs to the attempt that began with the connection, each later one is an attempt of its own, and a poll goes by the
 * attempt of the registration before it. Not for requests at the same time: a front end answers them in turn.
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

  /** The attempt that requests belong to now. */
  get attempt(): Attempt {
    return this.#attempt;
  }

  /** Asks whether the device may connect. */
  admit(request: UnnotedRequest): Promise<Admission> {
    return this.#parts.engine.admit({ ...request, attempt: this.#attempt });
  }

  /** Ends the attempt: the connection was refused. `reply` is what went over the wire. */
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

  /** Answers a request about software updates. */
  softwareUpdate(request: UnnotedRequest): Promise<Reply> {
    return this.#parts.engine.softwareUpdate({ ...request, attempt: this.#attempt });
  }

  /** The device has gone: what was left open is abandoned. */
  leave(): void {
    this.#attempt.step("closed");
    if (this.#attempt.outcome === "open") this.#attempt.outcome = "abandoned";
  }

  /** The device has gone and nothing is under way any more: nothing more will be noted. */
  settle(): void {
    this.#parts.attempts.settle(this.#attempt);
  }
}
