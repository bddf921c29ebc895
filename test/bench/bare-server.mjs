import { constants } from "node:crypto";
import { createServer } from "node:tls";
import { serve } from "./child-server.mjs";

/** Does the same mutual handshake as Rollcall's device listener, then sends four bytes to say that it is done. */
serve(async ({ certificatePem, privateKeyPem }) => {
  const options = {
    cert: certificatePem,
    key: privateKeyPem,
    ca: [],
    minVersion: "TLSv1.2",
    secureOptions: constants.SSL_OP_NO_TICKET,
    requestCert: true,
    rejectUnauthorized: false,
    noDelay: true,
  };
  const server = createServer(options, (socket) => {
    socket.on("error", () => undefined);
    socket.resume();
    socket.end("done");
  });
  await new Promise((resolve) => server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, resolve));
  return { ready: { port: server.address().port }, stop: () => new Promise((resolve) => server.close(resolve)) };
});
