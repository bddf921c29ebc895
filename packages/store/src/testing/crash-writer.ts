/**
 * Writes as fast as it can until it is killed, and prints each acknowledged write as `device step`. The tests start it
 * with one argument, the JSON of a `CrashOrder`.
 */
import type { DurableStore } from "../index.js";
import { type CrashOrder, lives, openPlace } from "./crash-lives.js";

const lanes = 20;

async function writeForever(
  store: DurableStore,
  name: string,
  steps: (typeof lives)[CrashOrder["life"]],
): Promise<never> {
  for (let n = 0; ; n++) {
    const device = `${name}-${n}`;
    for (const [index, { write }] of steps.entries()) {
      if (!(await write(store, device))) throw new Error(`${device} ${index}: refused`);
      process.stdout.write(`${device} ${index}\n`);
    }
  }
}

// A cast: crash-runs.ts makes the argument from this type.
const { place, round, life } = JSON.parse(process.argv[2] ?? "") as CrashOrder;
const opened = await openPlace(place);
await Promise.all(
  Array.from({ length: lanes }, (_, lane) => writeForever(opened, `${life}-${round}-${lane}`, lives[life])),
);
