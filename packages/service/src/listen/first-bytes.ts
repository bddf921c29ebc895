import type { Server, Socket } from "node:net";

/** So much of what a client sent first is kept until the handshake is over; a ClientHello has 200 to 2,000 bytes. */
const FIRST_BYTES_KEPT = 4096;

/**
 * Lets a TLS server begin with a connection only when its first bytes are here, and shows a copy of them. Node feeds the
 * bytes that were put back to TLS, as it does for a socket that is upgraded to TLS in the middle of a conversation.
 *
 * `accepted` is told of each socket and returns what takes its first bytes. A socket that sends nothing for `patienceMs` is
 * destroyed.
 */
export function showFirstBytes(
  server: Server,
  patienceMs: number,
  accepted: (socket: Socket) => (first: Uint8Array) => void,
): void {
  const begin = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const take = accepted(socket);
    const giveUp = () => void socket.destroy();
    // A socket without a listener for its errors takes the process down with it.
    socket.on("error", () => undefined);
    socket.setTimeout(patienceMs, giveUp);
    const onReadable = () => {
      // A cast: a socket without an encoding gives buffers.
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      socket.off("readable", onReadable);
      socket.setTimeout(0, giveUp);
      // A copy: the chunk is a part of a pool that would live as long as this part.
      take(Uint8Array.from(chunk.subarray(0, FIRST_BYTES_KEPT)));
      socket.unshift(chunk);
      for (const each of begin) each.call(server, socket);
    };
    socket.on("readable", onReadable);
  });
}
