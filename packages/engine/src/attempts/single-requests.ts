import type { Finding, Reply } from "@rollcall/protocol";
import { Attempt, type AttemptFacts } from "./attempt.js";
import type { FrontEndParts, UnnotedRequest } from "./engine-types.js";
import { OpenOperations } from "./open-operations.js";
import { refuse } from "./replies.js";

/**
 * Requests that each prove the device's identity (HTTPS). Every registration is an attempt. Polls and look-ups become
 * attempts only when they are refused: successful ones would displace the registrations that they belong to. The end of
 * a registration is noted in its own attempt, over whichever connection the poll came. Create one object for each front
 * end, since it keeps the open registrations.
 */
export class SingleRequests {
  readonly #parts: FrontEndParts;
  readonly #operations = new OpenOperations();

  constructor(parts: FrontEndParts) {
    this.#parts = parts;
  }

  /** Answers a register request; `body` as received. */
  async register(facts: AttemptFacts, request: UnnotedRequest, body: Uint8Array): Promise<Reply> {
    const { attempts, engine } = this.#parts;
    const attempt = attempts.begin(facts);
    const reply = await engine.register({ ...request, body, attempt });
    this.#operations.opened(attempt, reply);
    return reply;
  }

  /** Answers a poll. */
  operationStatus(facts: AttemptFacts, request: UnnotedRequest, operationId: string): Promise<Reply> {
    const { engine } = this.#parts;
    return this.#quietly(facts, (attempt) => engine.operationStatus({ ...request, operationId, attempt }));
  }

  /** Answers a look-up; `body` as received. */
  lookUp(facts: AttemptFacts, request: UnnotedRequest, body: Uint8Array): Promise<Reply> {
    const { engine } = this.#parts;
    return this.#quietly(facts, (attempt) => engine.lookUp({ ...request, body, attempt }));
  }

  /**
   * Refuses a request that the front end does not pass on, such as one whose body is too large; it is an attempt, too.
   */
  refuse(facts: AttemptFacts, reason: Finding): Reply {
    return refuse(this.#parts.attempts.begin(facts), reason, this.#parts.clock());
  }

  async #quietly(facts: AttemptFacts, ask: (attempt: Attempt) => Promise<Reply>): Promise<Reply> {
    const attempt = new Attempt(facts, this.#parts.clock);
    const reply = await ask(attempt);
    this.#operations.polled(attempt, reply);
    if (reply.status >= 400) this.#keepRefusal(attempt, reply);
    return reply;
  }

  #keepRefusal(attempt: Attempt, { status, body }: Reply): void {
    attempt.outcome = "refused";
    const error = "errorCode" in body && "message" in body ? { errorCode: body.errorCode, message: body.message } : {};
    attempt.reply = { status, ...error };
    this.#parts.attempts.keep(attempt);
  }
}
