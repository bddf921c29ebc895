import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

export interface PostgresServer {
  /** Connections from this machine need no password, except those of the user `guarded`. */
  readonly url: string;
  /** Kills the server, and starts it again at the same place. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The folder in which Debian keeps the newest server's programs. */
export function postgresPrograms(): string | undefined {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}

/** PostgreSQL refuses to run as root. Root therefore starts it as the user that its package created. */
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

/** A client for statements that no store runs. If its connection is lost, its next query fails. */
export async function connectClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

interface Programs {
  readonly postgres: string;
  readonly folder: string;
  readonly as: { readonly uid?: number; readonly gid?: number; readonly cwd: string };
  readonly port: number;
}

interface RunningServer {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  readonly log: readonly string[];
}

function run({ postgres, folder, as, port }: Programs): RunningServer {
  const listen = ["-h", "127.0.0.1", "-p", String(port), "-k", folder];
  const server = spawn(postgres, ["-D", join(folder, "data"), ...listen], { ...as, stdio: ["ignore", "pipe", "pipe"] });
  const log: string[] = [];
  server.stdout.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  server.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  return { process: server, log, ended: new Promise((resolve) => server.once("close", () => resolve())) };
}

/** Waits until the server accepts connections; false when its process ended instead. */
async function isReady(url: string, { process: server }: RunningServer): Promise<boolean> {
  while (server.exitCode === null) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return false;
}

/**
 * Starts the server. A killed server leaves processes behind that end soon; until then the start fails and is repeated.
 */
async function start(programs: Programs, url: string): Promise<RunningServer> {
  for (let attempt = 0; ; attempt++) {
    const server = run(programs);
    if (await isReady(url, server)) return server;
    if (attempt === 50) throw new Error(`PostgreSQL ended: ${server.log.join("")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A real server in a temporary folder, on a free port of the loopback address. */
export async function startPostgres(folderOfPrograms: string): Promise<PostgresServer> {
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "rollcall-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (user) for (const path of [folder, data]) chownSync(path, user.uid, user.gid);
  const as = { ...user, cwd: folder };
  const setUp = ["-D", data, "-U", "rollcall", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
  execFileSync(join(folderOfPrograms, "initdb"), setUp, { ...as, stdio: "pipe" });
  const rules = join(data, "pg_hba.conf");
  writeFileSync(rules, `host all guarded 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, "utf8")}`);
  const port = await freePort();
  const programs = { postgres: join(folderOfPrograms, "postgres"), folder, as, port };
  const url = `postgres://rollcall@127.0.0.1:${port}/postgres`;
  let server = await start(programs, url);
  // SIGINT: an orderly end at once, without waiting for clients.
  const end = () => void server.process.kill("SIGINT");
  process.once("exit", end);
  return {
    url,
    restart: async () => {
      server.process.kill("SIGKILL");
      await server.ended;
      server = await start(programs, url);
    },
    stop: async () => {
      end();
      await server.ended;
      process.removeListener("exit", end);
      rmSync(folder, { recursive: true });
    },
  };
}
