import type { Duplex } from "node:stream";

/**
 * Holds back writes to the stream for a moment, so that PUBACK and reply are sent in one write, PUBACK first. Each
 * write is a TLS record and a system call, and every request needs these two. The moment is the time that Aedes takes
 * from a PUBLISH to the reply of an engine that answers immediately (three turns of the event loop, no timer); if the
 * reply takes longer, its PUBACK is sent alone.
 */
export function joinWrites(stream: Duplex): void {
  stream.cork();
  setImmediate(() => setImmediate(() => setImmediate(() => stream.uncork())));
}

/** Sends what is held back, after the reply was passed to Aedes. */
export function flushWrites(stream: Duplex): void {
  // Aedes writes a message in the next turn, before this. On a stream that holds nothing back it does nothing.
  setImmediate(() => stream.uncork());
}
