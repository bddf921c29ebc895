import type { AddressInfo, Server } from "node:net";
import { isLoopback } from "@rollcall/protocol";
import { formatAddress } from "./client-connection.js";

/** An address to listen on; an optional one is left out on machines that do not have it. */
export interface ListenAddress {
  readonly host: string;
  readonly optional: boolean;
}

/** One port on several addresses. */
export interface ListenPlan {
  /** Such as "MQTT". Errors name it. */
  readonly purpose: string;
  /** Such as "--mqtt-port": the flag that chooses another port. */
  readonly flag: string;
  /** 0: any free number, the same on all addresses. */
  readonly port: number;
  readonly addresses: readonly ListenAddress[];
  /** A server for one address. */
  create(): Server;
}

/** The servers of a plan, listening. */
export interface Listening {
  readonly port: number;
  readonly servers: readonly Server[];
}

/** A port that is not available. The message says what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string;
  readonly port: number;
  constructor(message: string, about: { code: string; port: number; cause: unknown }) {
    super(message, { cause: about.cause });
    this.code = about.code;
    this.port = about.port;
  }
}

/** Pending connections that the kernel keeps for us. Node's default of 511 overflows when a fleet wakes up. */
export const BACKLOG = 4096;
const ATTEMPTS_FOR_ANY_PORT = 20;
const NOT_HERE: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);

/**
 * The addresses that a host setting stands for. A loopback host stands for 127.0.0.1 and ::1, since clients may try
 * either first. The addresses of local hubs (127.0.0.2 and so on) are added.
 */
export function listenAddresses(host: string, hubHosts: readonly string[] = []): readonly ListenAddress[] {
  const addresses: ListenAddress[] = [{ host: host === "localhost" ? "127.0.0.1" : host, optional: false }];
  const add = (each: ListenAddress) => {
    if (!addresses.some((known) => known.host === each.host)) addresses.push(each);
  };
  if (host === "127.0.0.1" || host === "localhost") add({ host: "::1", optional: true });
  if (host === "::1") add({ host: "127.0.0.1", optional: true });
  if (host !== "0.0.0.0" && host !== "::") {
    for (const hub of hubHosts) if (isLoopback(hub) && hub.startsWith("127.")) add({ host: hub, optional: false });
  }
  return addresses;
}

/** Listens on all addresses of a plan with one number. Throws ListenError; nothing is left open then. */
export async function listen(plan: ListenPlan): Promise<Listening> {
  const tries = plan.port === 0 ? ATTEMPTS_FOR_ANY_PORT : 1;
  for (let attempt = 1; ; attempt++) {
    const servers: Server[] = [];
    try {
      const port = await listenOnce(plan, servers);
      return { port, servers };
    } catch (error) {
      await Promise.all(servers.map((server) => closeServer(server)));
      const isTaken = error instanceof ListenError && error.code === "EADDRINUSE";
      if (!isTaken || attempt >= tries) throw error;
    }
  }
}

async function listenOnce(plan: ListenPlan, servers: Server[]): Promise<number> {
  let port = plan.port;
  for (const { host, optional } of plan.addresses) {
    const server = plan.create();
    try {
      port = await listenOn(server, { host, port });
      servers.push(server);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (optional && NOT_HERE.has(code)) continue;
      throw new ListenError(explain(plan, { host, port, code }), { code, port, cause: error });
    }
  }
  return port;
}

function listenOn(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off("error", reject);
      // accept() may run out of file descriptors. That must not end the process.
      server.on("error", () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Closes a server that may not be listening. The caller closes its sockets. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function explain(
  { purpose, flag }: ListenPlan,
  { host, port, code }: { host: string; port: number; code: string },
): string {
  const where = formatAddress(host, port);
  const other = `or choose another port with ${flag}`;
  if (code === "EADDRINUSE") {
    return `${purpose} cannot listen on ${where}: the port is taken. Stop what listens there, ${other}.`;
  }
  if (code === "EACCES") {
    return `${purpose} cannot listen on ${where}: no permission for this port. Allow it (sysctl net.ipv4.ip_unprivileged_port_start=${port}), ${other}.`;
  }
  if (NOT_HERE.has(code) || code === "ENOTFOUND") {
    return `${purpose} cannot listen on ${where}: this machine has no address ${host}. Choose another with --host, or add it (macOS: sudo ifconfig lo0 alias ${host}).`;
  }
  return `${purpose} cannot listen on ${where}: ${code || "it failed"}. Look at --host, ${other}.`;
}
