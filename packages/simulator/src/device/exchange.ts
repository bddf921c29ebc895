import { Deadline } from "./deadline.js";
import type { ExchangeOptions } from "./options.js";
import { PhaseTimer, type PhaseTimes } from "./phases.js";
import { NoAnswerError, type Refusal, RefusedError, type Unreachable } from "./result.js";

/** The context that the steps of an exchange share. */
export interface Exchange {
  readonly timer: PhaseTimer;
  /** Fires at the time limit and when the caller aborts. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * Runs an exchange and returns its outcome as a value. Rejects with the caller's reason when the caller aborted, and
 * with errors that are not the service's: an unusable identity or an internal error.
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
