import type { Reply } from "@rollcall/protocol";
import type { Attempt } from "./attempt.js";

/** When more devices than this are between register and poll, the oldest attempts stay "accepted". */
const MAX_OPEN = 10_000;

/**
 * The attempts of registrations whose outcome no poll has fetched yet. Each poll has to prove its identity by itself
 * (so it must not use the attempt of the registration), but its result ends the attempt of the registration.
 */
export class OpenOperations {
  readonly #byOperation = new Map<string, Attempt>();

  /** Keeps the attempt of a registration that was accepted. */
  opened(attempt: Attempt, reply: Reply): void {
    if (reply.status >= 300 || !("operationId" in reply.body)) return;
    this.#byOperation.set(reply.body.operationId, attempt);
    const [oldest] = this.#byOperation.keys();
    if (this.#byOperation.size > MAX_OPEN && oldest !== undefined) this.#byOperation.delete(oldest);
  }

  /** Ends the attempt of a registration with the outcome that a successful poll returned. */
  polled(poll: Attempt, reply: Reply): void {
    if (reply.status !== 200 || !("operationId" in reply.body)) return;
    const { operationId, status } = reply.body;
    const attempt = this.#byOperation.get(operationId);
    if (!attempt || !this.#byOperation.delete(operationId)) return;
    attempt.outcome = poll.outcome;
    attempt.step(status);
  }
}
