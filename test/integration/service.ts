import { readFileSync } from "node:fs";
import { request } from "node:http";
import { checkAnswer, type GivenAnswer } from "@rollcall/api/testing";
import type { AttemptRecord } from "@rollcall/protocol";
import { type Rollcall, type RollcallOptions, type RollcallStats, startRollcall } from "@rollcall/service";
import type { Place } from "./sockets.js";
import { until } from "./until.js";

/** A service in this process, as a test sees it. */
export interface TestService extends AsyncDisposable {
  readonly rollcall: Rollcall;
  readonly idScope: string;
  /** The one linked hub. */
  readonly hub: string;
  readonly mqtt: Place;
  readonly https: Place;
  readonly caPath: string;
  /** The attempt from the management API; undefined for 404. */
  attempt(id: string): Promise<AttemptRecord | undefined>;
  /** Waits until nothing is open; the records of attempts stay. */
  untilEmpty(): Promise<void>;
}

const idle: Omit<RollcallStats, "attempts"> = {
  connections: 0,
  sessions: 0,
  challengeSessions: 0,
  timers: 0,
  webhookCalls: 0,
};

export async function startService(options: RollcallOptions = {}): Promise<TestService> {
  const rollcall = await startRollcall({ registration: { retryAfter: 1 }, ...options });
  const { idScope, host, ports, caPath, hubs } = rollcall.info;
  const ca = readFileSync(caPath, "utf8");
  return {
    rollcall,
    idScope,
    caPath,
    hub: hubs[0] ?? "",
    mqtt: { host, port: ports.mqtt, ca },
    https: { host, port: ports.https, ca },
    attempt: (id) => readAttempt(ports.dashboard, id),
    async untilEmpty() {
      const read = () => {
        const { attempts: _, ...open } = rollcall.stats();
        return open;
      };
      await until(read, (open) => JSON.stringify({ ...idle, ...open }) === JSON.stringify(idle));
    },
    [Symbol.asyncDispose]: () => rollcall.stop(),
  };
}

async function readAttempt(port: number, id: string): Promise<AttemptRecord | undefined> {
  const url = `/attempts/${encodeURIComponent(id)}`;
  const answer = await get(port, url);
  checkAnswer({ method: "GET", url, ...answer });
  const { status, text } = answer;
  if (status === 200) return JSON.parse(text) as AttemptRecord;
  if (status === 404) return undefined;
  throw new Error(`attempts/${id}: ${status} ${text}`);
}

/** Uses a new connection and closes it, so that it is not counted afterwards. */
function get(port: number, path: string): Promise<Pick<GivenAnswer, "status" | "text" | "contentType">> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0, headers } = response;
        resolve({ status, text, contentType: headers["content-type"] });
      });
    });
    call.on("error", reject).end();
  });
}

/** The user name of a device that registers. */
export function userName(idScope: string, registrationId: string, more = "&ClientVersion=test"): string {
  return `${idScope}/registrations/${registrationId}/api-version=2019-03-31${more}`;
}
