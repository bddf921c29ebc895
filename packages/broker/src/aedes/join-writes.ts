import type { Duplex } from "node:stream";

/**
 * Holds back what is written to the stream for a moment: PUBACK and reply then go out in one write, PUBACK first. Each write
 * is a TLS record and a system call, and these two come at every request. The moment is as long as Aedes takes from a PUBLISH
 * to the reply of an engine that answers at once (three turns of the event loop, no timer); a reply that takes longer finds
 * its PUBACK gone.
 */
export function joinWrites(stream: Duplex): void {
  stream.cork();
  setImmediate(() => setImmediate(() => setImmediate(() => stream.uncork())));
}

/** The reply has been handed over: nothing more is waited for. */
export function flushWrites(stream: Duplex): void {
  // Aedes writes a message in the next turn; this is behind it. On a stream that holds nothing back it does nothing.
  setImmediate(() => stream.uncork());
}
