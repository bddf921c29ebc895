import { connect } from "node:net";

/**
 * Devices for `tss.Tpm`, which takes any object with these three methods as its `device`.
 * Written in JavaScript, so that the child process of the SDK's tests can load it without compilation.
 */

/** Length of the complete response in the buffer; 0 while it is incomplete. */
function responseLength(buffer) {
  if (buffer.length < 10) return 0;
  const size = buffer.readUInt32BE(2);
  return buffer.length >= size ? size : 0;
}

/** Sends one command over a new connection to a raw TPM socket, as swtpm's `--server type=unixio` is one. */
export function exchange(path, command) {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let received = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the TPM closed the connection without an answer")));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = responseLength(received);
      if (length === 0) return;
      resolve(received.subarray(0, length));
      socket.end();
    });
    socket.write(command);
  });
}

/** A TPM behind a raw socket. One connection a command: swtpm serves one client at a time. */
export function socketDevice(path) {
  return {
    connect: (done) => {
      setImmediate(done);
      return null;
    },
    dispatchCommand: (command, done) => {
      exchange(path, command).then(
        (response) => done(null, response),
        (error) => done(error, null),
      );
    },
    close: () => {},
  };
}

/** A TPM in this process. */
export function sendDevice(send) {
  return {
    connect: (done) => {
      setImmediate(done);
      return null;
    },
    dispatchCommand: (command, done) => setImmediate(() => done(null, send(command))),
    close: () => {},
  };
}
