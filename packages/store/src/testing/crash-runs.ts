import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DurableStore } from "../index.js";
import { type CrashOrder, lives, openPlace, type Place, storedOf } from "./crash-lives.js";

const writer = fileURLToPath(new URL("../../dist/testing/crash-writer.js", import.meta.url));

export interface KillPlan {
  /** The Node that the writer runs on. */
  readonly node: string;
  readonly order: CrashOrder;
  /** The moment is random, at most this long after the first acknowledgement. */
  readonly withinMilliseconds: number;
  /** Ends what the writer depends on, in its place. */
  readonly instead?: () => Promise<void>;
}

/** Lets a process write until a random moment, kills it, and says which step of each device was acknowledged last. */
function writeUntilKilled({ node, order, withinMilliseconds, instead }: KillPlan): Promise<Map<string, number>> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [writer, JSON.stringify(order)], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let complaints = "";
    let restarted: Promise<unknown> = Promise.resolve();
    const end = () => {
      if (instead) restarted = instead();
      else child.kill("SIGKILL");
    };
    child.stderr.on("data", (chunk) => (complaints += chunk));
    child.stdout.on("data", (chunk) => {
      if (output === "") setTimeout(end, Math.random() * withinMilliseconds);
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (_code, signal) => {
      if (signal !== "SIGKILL" && !instead) return reject(new Error(`the writer ended by itself: ${complaints}`));
      // The last line may be cut off.
      const lines = output.split("\n").slice(0, -1);
      const last = lines.map((line) => line.split(" ")).map(([device = "", step]) => [device, Number(step)] as const);
      restarted.then(() => resolve(new Map(last)), reject);
    });
  });
}

/** Each device is at the step that was acknowledged, or one further: that was written, and killed before it could be said. */
async function look(store: DurableStore, order: CrashOrder, acknowledged: ReadonlyMap<string, number>) {
  const steps = lives[order.life];
  const wrong: string[] = [];
  const at = new Map<string, number>();
  for (const [device, step] of acknowledged) {
    const stored = JSON.stringify(await storedOf(store, device));
    const found = [step, step + 1].find((each) => JSON.stringify(steps[each]?.leaves) === stored);
    if (found === undefined) wrong.push(`${device} was at ${step}, has ${stored}`);
    else at.set(device, found);
  }
  return { wrong, at };
}

/** Takes each device one step on: the etags that are stored are good to go on from, and only those. */
async function goOn(
  store: DurableStore,
  order: CrashOrder,
  at: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const steps = lives[order.life];
  const wrong: string[] = [];
  for (const [device, step] of at) {
    const next = steps[step + 1];
    if (!next) continue;
    const done = await next.write(store, device);
    const stored = JSON.stringify(await storedOf(store, device));
    if (!done || stored !== JSON.stringify(next.leaves))
      wrong.push(`${device} could not go on from ${step}: ${stored}`);
  }
  return wrong;
}

export interface Aftermath {
  readonly acknowledged: number;
  /** In words: acknowledged writes that are missing, halves of writes, etags that are not good to go on from. */
  readonly wrong: readonly string[];
}

/** Kills, opens the place again without doing anything else, and looks. */
export async function killAndLook(plan: KillPlan, openedAs: Place = plan.order.place): Promise<Aftermath> {
  const acknowledged = await writeUntilKilled(plan);
  const store = await openPlace(openedAs);
  try {
    const { wrong, at } = await look(store, plan.order, acknowledged);
    // The last ones are those that were under way.
    const last = new Map([...at].slice(-30));
    return { acknowledged: acknowledged.size, wrong: [...wrong, ...(await goOn(store, plan.order, last))] };
  } finally {
    await store.close();
  }
}
