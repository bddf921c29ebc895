import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Location, openLocation, readInstance } from "./location.js";
import { LocationInUseError } from "./location-lock.js";
import { LocationError } from "./private-files.js";

const DAY_MS = 86_400_000;
const HOSTS = ["localhost", "127.0.0.1", "::1"];
let base: string;
let path: string;
let open: Location[];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "rollcall-location-"));
  path = join(base, "state");
  open = [];
});
afterEach(() => {
  for (const location of open) location.close();
  rmSync(base, { recursive: true, force: true });
});

async function start(options: { path?: string | undefined; now?: number } = { path }): Promise<Location> {
  const location = await openLocation({ now: Date.now(), random: randomBytes, ...options });
  open.push(location);
  return location;
}
const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
const files = () => Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), "utf8")]));

it("makes a folder of mode 0700 with files of mode 0600, and finds them again", async () => {
  const first = await start();
  await first.serverIdentity(HOSTS, Date.now());
  first.writeInstance({ pid: 1 });
  expect(mode(path)).toBe("700");
  for (const name of readdirSync(path)) expect([name, mode(join(path, name))]).toEqual([name, "600"]);
  expect(readdirSync(path).sort()).toEqual([
    "ca-key.pem",
    "ca.pem",
    "instance.json",
    "lock",
    "secrets.json",
    "server.pem",
  ]);
  first.close();
  const before = files();
  expect(Object.keys(before).sort()).toEqual(["ca-key.pem", "ca.pem", "secrets.json", "server.pem"]);
  const second = await start();
  await second.serverIdentity(HOSTS, Date.now());
  expect(files()).toMatchObject(before);
  expect(second.secrets).toEqual(first.secrets);
});

it("removes other users' permissions", async () => {
  (await start()).close();
  chmodSync(path, 0o755);
  chmodSync(join(path, "ca-key.pem"), 0o644);
  await start();
  expect([mode(path), mode(join(path, "ca-key.pem"))]).toEqual(["700", "600"]);
});

it("does not change the mode of a folder that holds other files", async () => {
  mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(path, "thesis.txt"), "");
  await start();
  expect(mode(path)).toBe("755");
});

it("is a private folder, removed on close, when no path is given", async () => {
  const location = await start({ path: undefined });
  expect(mode(location.path)).toBe("700");
  location.close();
  expect(existsSync(location.path)).toBe(false);
});

it("tells other processes of a ready instance", async () => {
  expect(readInstance(path)).toBeUndefined();
  const location = await start();
  expect(readInstance(path)).toBeUndefined();
  location.writeInstance({ pid: 7 });
  expect(readInstance(path)).toEqual({ info: { pid: 7 }, managementToken: location.secrets.managementToken });
  location.close();
  expect(readInstance(path)).toBeUndefined();
});

describe("the lock", () => {
  it("keeps a second service out", async () => {
    await start();
    const error = await start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LocationInUseError);
    expect(error).toMatchObject({
      pid: process.pid,
      message: expect.stringContaining(`in use by process ${process.pid}`),
    });
    open[0]?.close();
    await start();
  });

  it("lets one of many starts in", async () => {
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => start()));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("of a process that was killed is cleared, and its instance.json with it", async () => {
    (await start()).close();
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    await once(child, "spawn");
    writeFileSync(join(path, "lock"), JSON.stringify({ pid: child.pid, birth: "" }));
    writeFileSync(join(path, "instance.json"), "{}");
    await expect(start()).rejects.toBeInstanceOf(LocationInUseError);
    expect(existsSync(join(path, "instance.json"))).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await start();
    expect(existsSync(join(path, "instance.json"))).toBe(false);
    expect(readdirSync(path).filter((name) => name.includes("stale"))).toEqual([]);
  });

  it.runIf(process.platform === "linux")("of a killed process that its parent has not reaped is cleared", async () => {
    (await start()).close();
    // The shell becomes `sleep`, which never reaps a child, so that the first child stays a zombie.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [pid] = (await once(parent.stdout, "data")) as [Buffer];
      await expect.poll(() => readFileSync(`/proc/${Number(pid)}/stat`, "utf8")).toMatch(/\) Z /);
      writeFileSync(join(path, "lock"), JSON.stringify({ pid: Number(pid), birth: "" }));
      await start();
    } finally {
      parent.kill("SIGKILL");
      await once(parent, "exit");
    }
  });

  it.runIf(process.platform === "linux")("of an earlier process with the same number is cleared", async () => {
    (await start()).close();
    writeFileSync(join(path, "lock"), JSON.stringify({ pid: process.pid, birth: "another-boot/1" }));
    await start();
  });

  it.each(["", "{", "null", '{"pid":"x"}'])("that holds %j is cleared", async (text) => {
    (await start()).close();
    writeFileSync(join(path, "lock"), text);
    await start();
  });
});

describe("a damaged file", () => {
  it.each([
    ["secrets.json", "", "it is not JSON"],
    ["secrets.json", '{"policyKey":"', "it is not JSON"],
    ["secrets.json", "{}", "policyKey: "],
    [
      "secrets.json",
      '{"policyKey":"c2hvcnQ=","clusterSecret":"","managementToken":""}',
      "policyKey: is not base64 of 32 bytes",
    ],
    ["ca-key.pem", "", "the text is empty"],
    ["ca-key.pem", "-----BEGIN PRIVATE KEY-----\nMIG", "a private key, and a certificate belongs here"],
    ["server.pem", "half", "neither of a certificate in DER nor of PEM text"],
    ["ca.pem", "-----BEGIN CERTIFICATE-----\n", "it is not the certificate in ca-key.pem"],
  ])("%s holding %j is named, and stays as it is", async (name, text, why) => {
    const first = await start();
    await first.serverIdentity(HOSTS, Date.now());
    first.close();
    writeFileSync(join(path, name), text);
    const before = files();
    const error = await start()
      .then((location) => location.serverIdentity(HOSTS, Date.now()))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LocationError);
    expect((error as LocationError).message).toContain(`${join(path, name)} is damaged`);
    expect((error as LocationError).message).toContain(why);
    expect((error as LocationError).message).toMatch(/[Dd]elete it/);
    for (const location of open) location.close();
    expect(files()).toEqual(before);
  });

  it("never shows what it holds", async () => {
    (await start()).close();
    writeFileSync(join(path, "secrets.json"), '{"policyKey": c2VjcmV0');
    const error = await start().catch((reason: unknown) => reason);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause)).not.toContain(
      "c2VjcmV0",
    );
  });

  it("a missing CA key is not replaced while ca.pem is there; a missing ca.pem is written again", async () => {
    const { authority } = await start();
    open[0]?.close();
    const key = readFileSync(join(path, "ca-key.pem"));
    rmSync(join(path, "ca-key.pem"));
    await expect(start()).rejects.toThrow(/ca-key\.pem is missing/);
    writeFileSync(join(path, "ca-key.pem"), key);
    rmSync(join(path, "ca.pem"));
    await start();
    expect(readFileSync(join(path, "ca.pem"), "utf8")).toBe(authority.certificatePem);
  });

  it("in place of the folder is refused, and stays as it is", async () => {
    writeFileSync(path, "");
    await expect(start()).rejects.toThrow(/it is not a folder/);
    expect(readFileSync(path, "utf8")).toBe("");
  });
});

describe("the server certificate", () => {
  it.each([
    ["is kept while it is good", HOSTS, 0, true],
    ["is kept for fewer names", ["localhost"], 0, true],
    ["is issued again for another name", [...HOSTS, "hub-a.test"], 0, false],
    ["is issued again for another address", [...HOSTS, "127.0.0.2"], 0, false],
    ["is kept with more than a month left", HOSTS, 59 * DAY_MS, true],
    ["is renewed with less than a month left", HOSTS, 61 * DAY_MS, false],
    ["is renewed after it expired", HOSTS, 200 * DAY_MS, false],
  ])("%s", async (_, hosts, later, isKept) => {
    const now = Date.now();
    const location = await start();
    const first = await location.serverIdentity(HOSTS, now);
    const second = await location.serverIdentity(hosts, now + later);
    expect(second.certificate.sha256 === first.certificate.sha256).toBe(isKept);
    expect(second.certificate.notAfter.getTime()).toBeGreaterThan(now + later);
  });

  it("of another CA is replaced, and an expired CA is reported", async () => {
    const location = await start();
    await location.serverIdentity(HOSTS, Date.now());
    location.close();
    rmSync(join(path, "ca.pem"));
    rmSync(join(path, "ca-key.pem"));
    const again = await start();
    const { certificate } = await again.serverIdentity(HOSTS, Date.now());
    expect(certificate.issuer).toBe(again.authority.certificate.subject);
    again.close();
    await expect(start({ path, now: Date.now() + 3651 * DAY_MS })).rejects.toThrow(/has expired/);
  });
});
