import { createServer } from "node:net";

/** True when this process may listen on an SDK's fixed port, on both loopback addresses as the service does. */
async function canListen(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer();
    const code = await new Promise<string | undefined>((resolve) => {
      server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      server.listen({ port, host }, () => resolve(undefined));
    });
    await new Promise((resolve) => server.close(resolve));
    // A machine without IPv6 has no ::1 to take.
    if (code !== undefined && !(host === "::1" && code === "EADDRNOTAVAIL")) return false;
  }
  return true;
}

/** Fixed ports of SDKs, each with the reason why a test that needs it cannot run; undefined when it can. */
export interface FixedPorts {
  readonly 443: string | undefined;
  readonly 8883: string | undefined;
}

export async function probeFixedPorts(): Promise<FixedPorts> {
  const reason = async (port: number) => ((await canListen(port)) ? undefined : `port ${port} cannot be bound`);
  return { 443: await reason(443), 8883: await reason(8883) };
}

/** Skips a test whose SDK needs a fixed port that this process may not use, or that is taken. */
export function skipWithout(
  ports: FixedPorts,
  port: keyof FixedPorts | undefined,
  skip: (reason: string) => void,
): void {
  if (port !== undefined && ports[port] !== undefined) skip(ports[port]);
}
