import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

export interface PostgresServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Where Debian keeps the newest server's programs. */
export function postgresPrograms(): string | undefined {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

async function untilReady(url: string, server: ChildProcess, log: readonly string[]): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended: ${log.join("")}`);
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A real server in a temporary folder, on a free port of the loopback address. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "rollcall-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (user) for (const path of [folder, data]) chownSync(path, user.uid, user.gid);
  const as = { ...user, cwd: folder };
  const setUp = ["-D", data, "-U", "rollcall", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
  execFileSync(join(programs, "initdb"), setUp, { ...as, stdio: "pipe" });
  const port = await freePort();
  const listen = ["-h", "127.0.0.1", "-p", String(port), "-k", folder];
  const server = spawn(join(programs, "postgres"), ["-D", data, ...listen], {
    ...as,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log: string[] = [];
  server.stdout.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  server.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
  // SIGINT: end now, and in order, whoever is connected.
  const end = () => void server.kill("SIGINT");
  process.once("exit", end);
  const url = `postgres://rollcall@127.0.0.1:${port}/postgres`;
  await untilReady(url, server, log);
  return {
    url,
    stop: async () => {
      end();
      await ended;
      process.removeListener("exit", end);
      rmSync(folder, { recursive: true });
    },
  };
}
