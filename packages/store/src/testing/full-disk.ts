/**
 * Fills the small disk that opening.test.ts mounted at the given folder, makes room, and prints the results as one line
 * of JSON.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore, StoreError } from "../index.js";
import { assignmentOf } from "./crash-records.js";

const folder = process.argv[2] ?? "";
const options = {
  kind: "sqlite" as const,
  directory: join(folder, "data"),
  idScope: "0ne00000000",
  driver: "node-sqlite3-wasm" as const,
};
const ballast = join(folder, "ballast");
writeFileSync(ballast, Buffer.alloc(1_000_000));

const acknowledged: string[] = [];
const refused: unknown[] = [];
let store = await openStore(options);

const missing = async () => {
  const records = await Promise.all(acknowledged.map((device) => store.registration(device)));
  return records.filter((record) => record === undefined).length;
};

async function register(device: string): Promise<void> {
  try {
    if (await store.saveAssignment(assignmentOf(device, 1))) acknowledged.push(device);
  } catch (error) {
    refused.push(error instanceof StoreError ? error.kind : String(error));
  }
}

for (let round = 0; refused.length === 0 && round < 1000; round++) {
  await Promise.all(Array.from({ length: 20 }, (_, n) => register(`d${round}-${n}`)));
}
const whileFull = { refused: [...new Set(refused)], missing: await missing() };
rmSync(ballast);
const before = acknowledged.length;
await register("later");
const withRoom = { registered: acknowledged.length - before, missing: await missing() };
await store.close();
store = await openStore(options);
const openedAgain = { missing: await missing() };
await store.close();
process.stdout.write(`${JSON.stringify({ whileFull, withRoom, openedAgain })}\n`);
