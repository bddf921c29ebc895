import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { isAlive, RunningService } from "./running-service.js";

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

test("a service that stopped answering is named with the command that starts it in its own location", async () => {
  const url = `http://127.0.0.1:${await closedPort()}`;
  const service = new RunningService("/data/of plant", { pid: 1, url, token: "t" });
  await expect(service.send("/")).rejects.toMatchObject({
    kind: "unreachable",
    message: expect.stringContaining(`the service at ${url} does not answer`) as string,
    next: "rollcall start --location '/data/of plant'",
  });
});

test.runIf(process.platform === "linux")(
  "a process that ended is not alive, whether or not its parent noticed",
  async () => {
    expect(isAlive(process.pid)).toBe(true);
    // What `sh` becomes waits for nobody, so its first child stays in the table of processes.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [pid] = (await once(parent.stdout, "data")) as [Buffer];
      await expect.poll(() => isAlive(Number(pid))).toBe(false);
      expect(() => process.kill(Number(pid), 0)).not.toThrow();
    } finally {
      parent.kill("SIGKILL");
      await once(parent, "exit");
    }
  },
);
