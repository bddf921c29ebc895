import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeContract } from "@rollcall/engine/testing";
import { afterAll } from "vitest";
import { defaultDriver } from "./sqlite-drivers.js";
import { openSqliteStore } from "./sqlite-store.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-store-"));
const opened: { close(): Promise<void> }[] = [];

afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  rmSync(folder, { recursive: true });
});

const drivers = new Set(["node-sqlite3-wasm" as const, defaultDriver()]);

for (const driver of drivers) {
  storeContract(`SqliteStore (${driver})`, async () => {
    const store = await openSqliteStore({
      directory: mkdtempSync(join(folder, "data-")),
      idScope: "0ne00000000",
      driver,
      commitWindowMilliseconds: 1,
    });
    opened.push(store);
    return store;
  });
}
