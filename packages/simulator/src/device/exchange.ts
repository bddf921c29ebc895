import { Deadline } from "./deadline.js";
import type { ExchangeOptions } from "./options.js";
import { PhaseTimer, type PhaseTimes } from "./phases.js";
import { NoAnswerError, type Refusal, RefusedError, type Unreachable } from "./result.js";

/** What the steps of one exchange share. */
export interface Exchange {
  readonly timer: PhaseTimer;
  /** Fires at the time limit and when the caller aborts. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * Runs an exchange and turns how it ended into a value. Rejects with the caller's reason when the caller aborted, and
 * with whatever is no answer of a service: an identity that cannot be used, a fault of ours.
 */
export async function runExchange<T extends object>(
  options: ExchangeOptions,
  run: (exchange: Exchange) => Promise<T>,
): Promise<{ phases: PhaseTimes } & (T | Refusal | Unreachable)> {
  options.signal?.throwIfAborted();
  const deadline = new Deadline(options.timeout, options.signal);
  const timer = new PhaseTimer(options.onPhase);
  try {
    const value = await run({ timer, signal: deadline.signal, now: options.now ?? Date.now });
    return { ...value, phases: timer.times };
  } catch (error) {
    options.signal?.throwIfAborted();
    const phases = timer.times;
    if (deadline.expired) return { ...unreachable(timer, timedOut(options.timeout)), phases };
    if (error instanceof RefusedError) return { ...error.refusal, phases };
    if (error instanceof NoAnswerError) return { ...unreachable(timer, error), phases };
    throw error;
  } finally {
    deadline.end();
  }
}

function unreachable(timer: PhaseTimer, cause: Error): Unreachable {
  return { outcome: "unreachable", during: timer.current, cause };
}

const timedOut = (milliseconds: number): Error => new NoAnswerError(`no answer within ${milliseconds} ms`);
