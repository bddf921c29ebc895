import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { RunningService } from "./running-service.js";

test("a service that stopped answering is named with the command that starts it in its own location", async () => {
  // A server that closes every connection. A port without a listener could be taken by another test.
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  const service = new RunningService("/data/of plant", { pid: 1, url, token: "t" });
  await expect(service.send("/")).rejects.toMatchObject({
    kind: "unreachable",
    message: expect.stringContaining(`the service at ${url} does not answer`) as string,
    next: "rollcall start --location '/data/of plant'",
  });
  server.close();
});
