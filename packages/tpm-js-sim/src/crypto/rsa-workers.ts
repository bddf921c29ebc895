import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type DerivedRsaKey, deriveFromHint, deriveRsaKey } from "./rsa-derivation.js";

// The search for primes takes about 80 ms a key. Here it happens beside the event loop, in threads of our own: libuv's
// are few, and files and name look-ups of the whole process wait for them.

/** At most so many threads, however many TPMs want keys. */
const maxWorkers = Math.min(4, availableParallelism());
/** A thread without work ends after this time. */
const idleMs = 5_000;

/** From the sources as from what is built of them: a thread cannot run TypeScript. */
const program = new URL("../../dist/crypto/rsa-worker.js", import.meta.url);

interface Job {
  readonly seed: Uint8Array;
  readonly done: (hint: Uint8Array | undefined) => void;
}

interface Hand {
  readonly worker: Worker;
  job: Job | undefined;
  ending: NodeJS.Timeout | undefined;
}

const hands = new Set<Hand>();
const waiting: Job[] = [];

/** Gives a hand the next job, or lets it wait for one without keeping the process alive. */
function employ(hand: Hand): void {
  clearTimeout(hand.ending);
  hand.job = waiting.shift();
  if (hand.job === undefined) {
    hand.worker.unref();
    hand.ending = setTimeout(() => dismiss(hand), idleMs).unref();
    return;
  }
  hand.worker.ref();
  hand.worker.postMessage(hand.job.seed);
}

function dismiss(hand: Hand): void {
  hands.delete(hand);
  clearTimeout(hand.ending);
  void hand.worker.terminate();
  hand.job?.done(undefined);
  hand.job = undefined;
}

function hire(): void {
  // Without the flags of this process, some of which (`--input-type`) no thread takes.
  const hand: Hand = { worker: new Worker(program, { execArgv: [] }), job: undefined, ending: undefined };
  hands.add(hand);
  hand.worker.on("message", (hint: Uint8Array) => {
    hand.job?.done(hint);
    employ(hand);
  });
  // A bundle may have lost the program: then the key is made by whoever asked.
  hand.worker.on("error", () => {
    dismiss(hand);
    for (const job of hands.size === 0 ? waiting.splice(0) : []) job.done(undefined);
  });
  employ(hand);
}

function findHint(seed: Uint8Array): Promise<Uint8Array | undefined> {
  return new Promise((done) => {
    waiting.push({ seed, done });
    const free = [...hands].find(({ job }) => job === undefined);
    if (free !== undefined) employ(free);
    else if (hands.size < maxWorkers) hire();
  });
}

/**
 * The same key as {@link deriveRsaKey}, with the search in a worker thread. Where no thread can be started it happens here.
 * @param hint of an earlier derivation; a right one needs no search
 */
export async function deriveRsaKeyAsync(seed: Uint8Array, hint?: Uint8Array): Promise<DerivedRsaKey> {
  const known = hint === undefined ? undefined : deriveFromHint(seed, hint);
  return known ?? deriveRsaKey(seed, await findHint(seed));
}
