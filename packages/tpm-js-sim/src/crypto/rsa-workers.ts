import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type DerivedRsaKey, deriveFromHint, deriveRsaKey } from "./rsa-derivation.js";

// The search for primes takes about 80 ms per key. It runs in threads of our own, so that the event loop stays free.
// libuv's threads are few, and files and name look-ups of the whole process wait for them.

/** The largest number of threads, however many TPMs need keys. */
const maxWorkers = Math.min(4, availableParallelism());
/** A thread without work ends after this time. */
const idleMs = 5_000;

/** The compiled program, also when this module runs as TypeScript, which a thread cannot run. */
const program = new URL("../../dist/crypto/rsa-worker.js", import.meta.url);

interface Job {
  readonly seed: Uint8Array;
  readonly done: (hint: Uint8Array | undefined) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
  ending: NodeJS.Timeout | undefined;
}

const threads = new Set<Thread>();
const waiting: Job[] = [];

/** Gives a thread the next job, or lets it wait for one without keeping the process alive. */
function giveNextJob(thread: Thread): void {
  clearTimeout(thread.ending);
  thread.job = waiting.shift();
  if (thread.job === undefined) {
    thread.worker.unref();
    thread.ending = setTimeout(() => endThread(thread), idleMs).unref();
    return;
  }
  thread.worker.ref();
  thread.worker.postMessage(thread.job.seed);
}

function endThread(thread: Thread): void {
  threads.delete(thread);
  clearTimeout(thread.ending);
  void thread.worker.terminate();
  thread.job?.done(undefined);
  thread.job = undefined;
}

function startThread(): void {
  // Without the flags of this process: threads refuse some of them (`--input-type`).
  const thread: Thread = { worker: new Worker(program, { execArgv: [] }), job: undefined, ending: undefined };
  threads.add(thread);
  thread.worker.on("message", (hint: Uint8Array) => {
    thread.job?.done(hint);
    giveNextJob(thread);
  });
  // A bundle may lack the program. The job then ends without a hint, and its caller searches for the key itself.
  thread.worker.on("error", () => {
    endThread(thread);
    for (const job of threads.size === 0 ? waiting.splice(0) : []) job.done(undefined);
  });
  giveNextJob(thread);
}

function findHint(seed: Uint8Array): Promise<Uint8Array | undefined> {
  return new Promise((done) => {
    waiting.push({ seed, done });
    const free = [...threads].find(({ job }) => job === undefined);
    if (free !== undefined) giveNextJob(free);
    else if (threads.size < maxWorkers) startThread();
  });
}

/**
 * The same key as {@link deriveRsaKey}, with the search in a worker thread. Where no thread can be started, the search
 * blocks this one.
 * @param hint of an earlier derivation; the right hint needs no search
 */
export async function deriveRsaKeyAsync(seed: Uint8Array, hint?: Uint8Array): Promise<DerivedRsaKey> {
  const known = hint === undefined ? undefined : deriveFromHint(seed, hint);
  return known ?? deriveRsaKey(seed, await findHint(seed));
}
