import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DurableStore } from "../index.js";
import { type CrashOrder, lives, openPlace, type Place, storedOf } from "./crash-lives.js";

const writer = fileURLToPath(new URL("../../dist/testing/crash-writer.js", import.meta.url));

export interface KillPlan {
  /** The Node that the writer runs on. */
  readonly node: string;
  readonly order: CrashOrder;
  /** The writer is killed at a random moment, at most this long after its first acknowledgement. */
  readonly withinMilliseconds: number;
  /** Kills what the writer depends on, instead of the writer. */
  readonly instead?: () => Promise<void>;
}

/** Lets a process write until a random moment, kills it, and returns the last acknowledged step of each device. */
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

/**
 * Checks each device: it is at its last acknowledged step, or one further when the writer was killed between the write
 * and its acknowledgement.
 */
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

/** Runs the next step of each device, which succeeds only if the stored etags are right. */
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
  /**
   * Descriptions of acknowledged writes that are missing, of half writes, and of etags from which the next step fails.
   */
  readonly wrong: readonly string[];
}

/** Kills the writer, opens the place again without any repair, and checks the devices. */
export async function killAndLook(plan: KillPlan, openedAs: Place = plan.order.place): Promise<Aftermath> {
  const acknowledged = await writeUntilKilled(plan);
  const store = await openPlace(openedAs);
  try {
    const { wrong, at } = await look(store, plan.order, acknowledged);
    // The last devices are those that were being written.
    const last = new Map([...at].slice(-30));
    return { acknowledged: acknowledged.size, wrong: [...wrong, ...(await goOn(store, plan.order, last))] };
  } finally {
    await store.close();
  }
}
