import type { Reply } from "@rollcall/protocol";
import type { Attempt } from "./attempt.js";

/** More devices than this between register and poll at one time, and the oldest attempts stay "accepted". */
const MAX_OPEN = 10_000;

/**
 * The attempts of registrations whose outcome no poll has fetched yet. A poll is a request of its own, which has to
 * prove itself (so it must not go by the attempt of the registration), but its result is the end of that attempt.
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

  /** Ends the attempt of a registration with what a good poll was told. */
  polled(poll: Attempt, reply: Reply): void {
    if (reply.status !== 200 || !("operationId" in reply.body)) return;
    const { operationId, status } = reply.body;
    const attempt = this.#byOperation.get(operationId);
    if (!attempt || !this.#byOperation.delete(operationId)) return;
    attempt.outcome = poll.outcome;
    attempt.step(status);
  }
}
