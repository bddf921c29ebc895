import type { Duplex } from "node:stream";

/**
 * Aedes ends every connection with `destroy()`. If the client has sent anything that is still unread (its own
 * close_notify is enough), this becomes a TCP reset, and the client reports ECONNRESET after a successful registration.
 * So `destroy()` is replaced on the stream by an orderly end: our half is closed, the client's half is read to its end,
 * and a client that does not end within `lingerMs` is cut off.
 */
export function closeByHalves(
  stream: Duplex,
  on: { readonly closing: () => void; readonly lingerMs: () => number },
): void {
  const destroy = stream.destroy.bind(stream);
  let closing = false;
  stream.destroy = (error?: Error) => {
    // Either the stream itself failed (such errors have a code), or it calls destroy() after both halves ended.
    if (isOfPlatform(error) || isOver(stream)) return destroy(error);
    if (closing) return stream;
    closing = true;
    const timer = setTimeout(() => destroy(), on.lingerMs()).unref();
    const finish = () => {
      if (isOver(stream)) destroy();
    };
    stream
      .once("close", () => clearTimeout(timer))
      .once("finish", finish)
      .once("end", finish);
    on.closing();
    stream.end();
    stream.resume();
    return stream;
  };
}

function isOfPlatform(error: Error | undefined): boolean {
  return error !== undefined && "code" in error && error.code !== undefined;
}

function isOver(stream: Duplex): boolean {
  return stream.destroyed || stream.closed || (stream.readableEnded && stream.writableFinished);
}
