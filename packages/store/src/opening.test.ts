import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { connectSqlite } from "./sqlite/sqlite-drivers.js";
import { openSqliteStore } from "./sqlite/sqlite-store.js";
import { assignmentOf, individualOf } from "./testing/crash-records.js";
import { identityOf, olderAuthentications } from "./testing/older-authentications.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-opening-"));
afterAll(() => rmSync(folder, { recursive: true }));

const newDirectory = () => mkdtempSync(join(folder, "data-"));
const idScope = "0ne00000000";
const driver = "node-sqlite3-wasm" as const;
const open = (directory: string) => openSqliteStore({ directory, idScope, driver, commitWindowMilliseconds: 1 });

/** A directory with one registration in it. */
async function filled(): Promise<string> {
  const directory = newDirectory();
  const store = await open(directory);
  await store.putIndividual(individualOf("d"));
  await store.saveAssignment(assignmentOf("d", 1));
  await store.close();
  return directory;
}

const contentOf = (directory: string) =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "hex")]));

describe("a data directory", () => {
  it("is created for its owner only, and holds only the database after close", async () => {
    const directory = join(newDirectory(), "deep", "er");
    const store = await open(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    await store.close();
    expect(readdirSync(directory)).toEqual(["rollcall.db"]);
  });

  it("keeps its data for the next store that opens it", async () => {
    const store = await open(await filled());
    expect((await store.registration("d"))?.etag).toBe("r1");
    await store.close();
  });

  it("has one owner at a time, also within a process", async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const error = await open(directory).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", kind: "directoryInUse" });
    expect(String(error)).toContain(`process ${process.pid}): stop that process, or choose another directory`);
    expect(await store.putIndividual(individualOf("d"))).toBe(true);
    await store.close();
    await (await open(directory)).close();
  });

  it("is refused while another process uses it, and keeps that process's lock", async () => {
    const directory = newDirectory();
    const writer = fileURLToPath(new URL("../dist/testing/crash-writer.js", import.meta.url));
    const place = { kind: "sqlite", directory, driver };
    const order = JSON.stringify({ place, round: 0, life: "registrations" });
    const child = spawn(process.execPath, [writer, order], { stdio: ["ignore", "pipe", "inherit"] });
    const closed = new Promise((resolve) => child.once("close", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.resume();
    await expect(open(directory)).rejects.toMatchObject({ kind: "directoryInUse" });
    expect(existsSync(join(directory, "rollcall.db.lock"))).toBe(true);
    child.kill("SIGKILL");
    await closed;
    await (await open(directory)).close();
  });

  const leftBehind: readonly (readonly [string, string])[] = [
    ["a process that is gone", "4194305\n\n"],
    ["an earlier process with our pid", `${process.pid}\n00000000-0000-0000-0000-000000000000 1\n`],
    ["a machine that lost its power", ""],
    ["a machine that lost its power, with zeros", "\0\0\0\0"],
  ];
  it.each(leftBehind)("is taken over from %s", async (_title, pidFile) => {
    const directory = await filled();
    writeFileSync(join(directory, "store.pid"), pidFile);
    writeFileSync(join(directory, "store.pid.turn"), pidFile);
    mkdirSync(join(directory, "rollcall.db.lock"));
    const store = await open(directory);
    expect((await store.registration("d"))?.etag).toBe("r1");
    await store.close();
    expect(readdirSync(directory)).toEqual(["rollcall.db"]);
  });

  it("is refused when its path is a file", async () => {
    const file = join(newDirectory(), "a-file");
    writeFileSync(file, "");
    await expect(open(file)).rejects.toMatchObject({ kind: "noAccess" });
  });
});

describe("nothing is overwritten", () => {
  it("when a newer version wrote the data", async () => {
    const directory = await filled();
    const database = await connectSqlite(driver, join(directory, "rollcall.db"));
    database.prepare("update rollcall_schema set version = 99").run([]);
    database.close();
    const before = contentOf(directory);
    await expect(open(directory)).rejects.toMatchObject({
      kind: "newerSchema",
      message: expect.stringContaining("start that version"),
    });
    expect(contentOf(directory)).toEqual(before);
  });

  it("when an older version wrote the data, which is migrated", async () => {
    const directory = await filled();
    const ask = async (text: string) => {
      const database = await connectSqlite(driver, join(directory, "rollcall.db"));
      const rows = database.prepare(text).all([]);
      database.close();
      return rows;
    };
    await ask("alter table device_identities drop column session");
    await ask("update rollcall_schema set version = 1 returning version");
    const store = await open(directory);
    expect((await store.registration("d"))?.etag).toBe("r1");
    await store.close();
    expect(await ask("select name, version from rollcall_schema")).toEqual([{ name: "schema", version: 6 }]);
  });

  it("when an older version wrote X.509 devices, which get the thumbprints that are known", async () => {
    const directory = await filled();
    const database = await connectSqlite(driver, join(directory, "rollcall.db"));
    const put = (deviceId: string, authentication: object) =>
      database
        .prepare(
          "insert into device_identities (id_scope, hub_key, device_id, registration_key, record) values (?, 'h.x', ?, ?, ?)",
        )
        .run([idScope, deviceId, deviceId, JSON.stringify({ ...identityOf(deviceId), authentication })]);
    for (const [deviceId, before] of olderAuthentications) put(deviceId, before);
    database.prepare("alter table device_identities drop column session").run([]);
    database.prepare("update rollcall_schema set version = 3").run([]);
    database.close();
    const store = await open(directory);
    for (const [deviceId, , after] of olderAuthentications)
      expect(await store.deviceAndSession("h.x", deviceId)).toEqual({
        identity: { ...identityOf(deviceId), authentication: after },
      });
  });

  it("when an older version wrote subjects by their bytes: groups are then found by every encoding of the name", async () => {
    const directory = newDirectory();
    // CN=Acme Root in UTF8String, CN=ACME  root in PrintableString, and CN=Acme R00t.
    const name = (tag: string, text: string) => {
      const value = `${tag}${text.length.toString(16).padStart(2, "0")}${Buffer.from(text).toString("hex")}`;
      const sizes = [2, 4, 6].map((more) => (5 + text.length + more).toString(16).padStart(2, "0"));
      return `30${sizes[2]}31${sizes[1]}30${sizes[0]}0603550403${value}`;
    };
    const [stored, other] = [name("0c", "Acme Root"), name("13", "ACME  root")];
    const first = await open(directory);
    const [primary, secondary] = [
      { thumbprint: "A0".repeat(32), subject: stored },
      { thumbprint: "A1".repeat(32), subject: other },
    ];
    const { registrationId: _, kind: __, ...common } = individualOf("g");
    const attestation = { type: "x509", holds: "signingCertificates", primary, secondary } as const;
    await first.putGroup({ ...common, kind: "group", enrollmentGroupId: "g", attestation });
    await first.close();
    const database = await connectSqlite(driver, join(directory, "rollcall.db"));
    database.prepare("delete from look_ups where look_up = 'subject'").run([]);
    for (const value of [stored, other]) {
      const row = "(id_scope, kind, look_up, value, enrollment_key)";
      database.prepare(`insert into look_ups ${row} values (?, 'group', 'subject', ?, 'g')`).run([idScope, value]);
    }
    database.prepare("alter table device_identities drop column session").run([]);
    database.prepare("update rollcall_schema set version = 2").run([]);
    database.close();
    const store = await open(directory);
    for (const subject of [stored, other, name("16", " acme root ")]) {
      expect((await store.groupsBySubject(subject)).map((each) => each.enrollmentGroupId)).toEqual(["g"]);
    }
    expect(await store.groupsBySubject(name("0c", "Acme R00t"))).toEqual([]);
    await store.close();
  });

  const damages: readonly (readonly [string, (content: Buffer) => Buffer])[] = [
    ["is not a database", () => Buffer.from("These are my notes, not a database.\n".repeat(200))],
    ["has zeros in its first page", (content) => Buffer.concat([Buffer.alloc(4096), content.subarray(4096)])],
    ["has noise in its first pages", (content) => Buffer.concat([content.subarray(0, 100), Buffer.alloc(8192, 0x5a)])],
    ["was cut off", (content) => content.subarray(0, 6000)],
  ];
  it.each(damages)("when the file %s", async (_title, damage) => {
    const directory = await filled();
    const file = join(directory, "rollcall.db");
    writeFileSync(file, damage(readFileSync(file)));
    const before = contentOf(directory);
    await expect(open(directory)).rejects.toMatchObject({
      kind: "corruptFile",
      message: expect.stringContaining(file),
    });
    expect(contentOf(directory)).toEqual(before);
  });
});

describe("without permission", () => {
  const nobody = 65534;
  /** Runs the action as an unprivileged user, since root may read and write everything. */
  async function asNobody<T>(action: () => Promise<T>): Promise<T> {
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(nobody);
    try {
      return await action();
    } finally {
      if (root) process.seteuid?.(0);
    }
  }

  const forbidden: readonly (readonly [string, (directory: string) => readonly (readonly [string, number])[]])[] = [
    ["to write into the directory", (directory) => [[directory, 0o555]]],
    ["to look into the directory", (directory) => [[directory, 0o000]]],
    [
      "to write the file",
      (directory) => [
        [join(directory, "rollcall.db"), 0o444],
        [directory, 0o777],
      ],
    ],
    [
      "to read the file",
      (directory) => [
        [join(directory, "rollcall.db"), 0o000],
        [directory, 0o777],
      ],
    ],
  ];
  it.each(forbidden)("%s, opening is refused and nothing changes", async (_title, modes) => {
    const directory = await filled();
    const before = contentOf(directory);
    chmodSync(folder, 0o755);
    for (const [path, mode] of modes(directory)) chmodSync(path, mode);
    const error = await asNobody(() => open(directory)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", kind: "noAccess", next: "check its owner and its permissions" });
    expect(String(error)).toContain(directory);
    chmodSync(directory, 0o700);
    chmodSync(join(directory, "rollcall.db"), 0o600);
    expect(contentOf(directory)).toEqual(before);
  });

  it("to create the directory, opening is refused", async () => {
    await filled();
    chmodSync(folder, 0o755);
    const inside = join(folder, "new", "data");
    await expect(asNobody(() => open(inside))).rejects.toMatchObject({ kind: "noAccess" });
    expect(existsSync(join(folder, "new"))).toBe(false);
  });
});

describe("a full disk", () => {
  it("is reported as full; no acknowledged write is lost, and the store works again once there is room", (context) => {
    const disk = newDirectory();
    // In its own mount namespace, the mount ends with its process.
    const onSmallDisk = (...command: string[]) => [
      ...["-m", "sh", "-c", 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"', disk],
      ...command,
    ];
    if (spawnSync("unshare", onSmallDisk("true")).status !== 0)
      return context.skip("no small disk can be mounted here");
    const program = fileURLToPath(new URL("../dist/testing/full-disk.js", import.meta.url));
    const output = execFileSync("unshare", onSmallDisk(process.execPath, program, disk), { encoding: "utf8" });
    expect(JSON.parse(output)).toEqual({
      whileFull: { refused: ["diskFull"], missing: 0 },
      withRoom: { registered: 1, missing: 0 },
      openedAgain: { missing: 0 },
    });
  });
});

describe("a closed store", () => {
  it("has finished its pending writes and refuses further requests", async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const writing = store.saveAssignment(assignmentOf("d", 1));
    await Promise.all([store.close(), store.close()]);
    expect(await writing).toBe(true);
    await expect(store.registration("d")).rejects.toMatchObject({ kind: "closed" });
    await expect(store.saveAssignment(assignmentOf("e", 1))).rejects.toMatchObject({ kind: "closed" });
    const again = await open(directory);
    expect((await again.registration("d"))?.etag).toBe("r1");
    await again.close();
  });
});
