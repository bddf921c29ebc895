import type { Duplex } from "node:stream";

/**
 * Aedes ends every connection with `destroy()`. While something that the client sent is unread (its own close_notify is
 * enough) that makes a reset of the close, and the client reports ECONNRESET after a registration that went well. So
 * `destroy()` is replaced on the stream by an orderly end: our half is closed, the client's is read to its end, and who
 * does not end within `lingerMs` is cut off.
 */
export function closeByHalves(
  stream: Duplex,
  on: { readonly closing: () => void; readonly lingerMs: () => number },
): void {
  const destroy = stream.destroy.bind(stream);
  let closing = false;
  stream.destroy = (error?: Error) => {
    // The stream's own failure (they all have a code), or its own call when both halves are over.
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
