/**
 * Writes as fast as it can until it is killed, and says on stdout what was acknowledged: `device version`, version 0 for the
 * enrollment. Started by crash.test.ts with one argument, the JSON of a `CrashOrder`.
 */
import type { DurableStore } from "../index.js";
import { assignmentOf, type CrashOrder, individualOf, openPlace, versionsPerDevice } from "./crash-records.js";

const lanes = 20;

async function writeForever(store: DurableStore, name: string): Promise<never> {
  for (let n = 0; ; n++) {
    const device = `${name}-${n}`;
    if (!(await store.putIndividual(individualOf(device)))) throw new Error(`${device}: refused`);
    process.stdout.write(`${device} 0\n`);
    for (let version = 1; version <= versionsPerDevice; version++) {
      if (!(await store.saveAssignment(assignmentOf(device, version))))
        throw new Error(`${device} ${version}: refused`);
      process.stdout.write(`${device} ${version}\n`);
    }
  }
}

// crash.test.ts writes it, from this type.
const { place, round } = JSON.parse(process.argv[2] ?? "") as CrashOrder;
const opened = await openPlace(place);
await Promise.all(Array.from({ length: lanes }, (_, lane) => writeForever(opened, `d${round}-${lane}`)));
