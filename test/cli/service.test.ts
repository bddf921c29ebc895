import { type ChildProcess, execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRollcall } from "@rollcall/service";
import { afterEach, expect, test, vi } from "vitest";
import { freePorts, outcome, printed, runCli, startCli, temporaryFolder } from "./run-cli.js";
import { runHere } from "./run-here.js";

const ESCAPE = String.fromCharCode(27);
const children: ChildProcess[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
});

const seed = JSON.stringify({
  enrollments: [
    {
      registrationId: "pump-7",
      attestation: {
        type: "symmetricKey",
        symmetricKey: {
          primaryKey: Buffer.alloc(32, 7).toString("base64"),
          secondaryKey: Buffer.alloc(32, 8).toString("base64"),
        },
      },
    },
  ],
});

test("start, wait, health, info, stop: the life of a service in the foreground", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "seed.json"), seed);
  const child = startCli(["start", "--seed", "seed.json", ...freePorts], { cwd });
  children.push(child);
  const ended = outcome(child);
  const banner = await printed(child, "stdout", /^Next: .*$/m);
  expect(banner).toMatch(/ID scope +0ne00000000/);
  expect(banner).toMatch(/^HostName=.*;SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=.*$/m);
  expect(banner).toMatch(/^1 enrollment came from \.\/seed\.json\.$/m);
  expect(banner).toMatch(/TPM over MQTT is on: our extension/);
  expect(banner.trimEnd().split("\n").length).toBeLessThanOrEqual(23);

  expect(await runHere(["wait", "--timeout", "10s"], { cwd })).toMatchObject({ code: 0, stdout: "" });
  expect(await runCli(["health"], { cwd })).toEqual({ code: 0, stdout: "ok\n", stderr: "" });

  const info = JSON.parse((await runHere(["info", "-o", "json"], { cwd })).stdout);
  expect(info).toEqual({
    idScope: "0ne00000000",
    host: "127.0.0.1",
    ports: { mqtt: expect.any(Number), https: expect.any(Number), dashboard: expect.any(Number) },
    deviceEndpoint: expect.stringContaining("127.0.0.1"),
    serviceEndpoint: expect.stringContaining("127.0.0.1"),
    connectionString: expect.stringMatching(/^HostName=/),
    policies: [expect.objectContaining({ name: "provisioningserviceowner" })],
    caPath: join(cwd, ".rollcall", "ca.pem"),
    caFingerprint: expect.any(String),
    pid: child.pid,
    hubs: ["127.0.0.1"],
    store: { kind: "sqlite", place: join(cwd, ".rollcall", "store") },
    portalUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/),
  });
  expect(banner.split("\n")).toContain(info.portalUrl);
  const fingerprint = new X509Certificate(readFileSync(info.caPath)).fingerprint256;
  expect(info.caFingerprint.replaceAll(":", "")).toBe(fingerprint.replaceAll(":", ""));
  expect(banner).toContain(fingerprint.replaceAll(":", ""));

  expect((await runHere(["info", "connectionstring"], { cwd })).stdout).toBe(`${info.connectionString}\n`);
  expect(await runHere(["info", "secret"], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/there is no fact secret; the facts are idScope, .*caPath/),
  });

  const lines = await runHere(["info"], { cwd });
  expect(lines.stdout).toContain("ID scope\t0ne00000000\n");

  const root = await runHere(["pki", "root"], { cwd });
  expect(root.stdout.trim()).toBe(readFileSync(info.caPath, "utf8").trim());
  const copied = await runHere(["pki", "root", "--out", "ca-copy.pem"], { cwd });
  expect(copied).toMatchObject({ code: 0, stdout: "ca-copy.pem\n" });

  const stopped = await runCli(["stop"], { cwd });
  expect(stopped).toMatchObject({ code: 0, stdout: "" });
  expect(() => process.kill(info.pid, 0)).toThrow();
  expect(await ended).toMatchObject({ code: 0 });
  expect(existsSync(join(cwd, ".rollcall", "instance.json"))).toBe(false);
  expect(await runHere(["stop"], { cwd })).toMatchObject({ code: 3 });
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s stops a service in the foreground cleanly, exit code 0",
  async (signal) => {
    await using folder = await temporaryFolder();
    const child = startCli(["start", ...freePorts], { cwd: folder.path });
    children.push(child);
    const ended = outcome(child);
    await printed(child, "stdout", /^Next: /m);
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 0 });
    expect(existsSync(join(folder.path, ".rollcall", "lock"))).toBe(false);
  },
);

test("start --detach returns once the service is ready, with log and keys readable by the owner only", async () => {
  await using folder = await temporaryFolder();
  const location = join(folder.path, "data");
  writeFileSync(join(folder.path, "seed.json"), seed);
  const started = await runCli(["start", "--detach", "--location", "data", "--seed", "seed.json", ...freePorts], {
    cwd: folder.path,
  });
  try {
    expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/in the background/) });
    expect(await runHere(["health", "--location", location])).toMatchObject({ stdout: "ok\n" });
    for (const name of ["rollcall.log", "ca-key.pem", "instance.json", "secrets.json"]) {
      expect([name, (statSync(join(location, name)).mode & 0o777).toString(8)]).toEqual([name, "600"]);
    }
    expect(readFileSync(join(location, "rollcall.log"), "utf8")).not.toContain("SharedAccessKey");

    const again = await runHere(["start", "--detach", "--location", location, ...freePorts]);
    expect(again).toMatchObject({ code: 7, stdout: "", stderr: expect.stringMatching(/in use by process \d+/) });
    const foreground = await runHere(["start", "--location", location, ...freePorts]);
    expect(foreground).toMatchObject({ code: 7, stdout: "", stderr: expect.stringMatching(/in use by process \d+/) });
  } finally {
    expect(await runHere(["stop", "--location", location])).toMatchObject({ code: 0 });
  }
});

test("start --detach shows why the service died, with its exit code", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "seed.json"), '{\n  "enrollments": [{ "registrationId": "bad id" }]\n}');
  const { code, stdout, stderr } = await runCli(["start", "--detach", "--seed", "seed.json", ...freePorts], {
    cwd: folder.path,
  });
  expect(stderr).toMatch(/seed\.json:2:\d+/);
  expect(stderr).toMatch(/ended with exit code 104 before it was ready; its log is .*rollcall\.log/);
  expect({ code, stdout }).toEqual({ code: 104, stdout: "" });
});

const settings: readonly [string, string, RegExp][] = [
  ["an unknown setting", "listn: {}\n", /rollcall\.yaml:1:1: there is no setting listn; did you mean listen\?/],
  ["an invalid value", "registration:\n  retryAfter: soon\n", /rollcall\.yaml:2:15: registration\.retryAfter/],
  ["text that is not YAML", "listen: [\n", /rollcall\.yaml:\d+:\d+/],
];

test.each(settings)("%s in rollcall.yaml exits 104 and names file, line and column", async (_, text, message) => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "rollcall.yaml"), text);
  const { code, stdout, stderr } = await runHere(["start", ...freePorts], { cwd: folder.path });
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 104, stdout: "" });
});

test("a taken port is named with its purpose and its flag", async () => {
  await using folder = await temporaryFolder();
  await using other = await startRollcall();
  const { mqtt } = other.info.ports;
  const { code, stderr } = await runHere(
    ["start", "--mqtt-port", String(mqtt), "--https-port", "0", "--dashboard-port", "0"],
    { cwd: folder.path },
  );
  expect(stderr).toMatch(new RegExp(`${mqtt}.*`));
  expect(stderr).toContain("--mqtt-port");
  expect(code).toBe(5);
});

test("ROLLCALL_LOCATION is the location of all commands", async () => {
  await using folder = await temporaryFolder();
  const env = {
    ROLLCALL_LOCATION: join(folder.path, "elsewhere"),
    ROLLCALL_MQTT_PORT: "0",
    ROLLCALL_HTTPS_PORT: "0",
    ROLLCALL_DASHBOARD_PORT: "0",
  };
  expect(await runCli(["start", "--detach"], { env })).toMatchObject({ code: 0 });
  vi.stubEnv("ROLLCALL_LOCATION", env.ROLLCALL_LOCATION);
  expect(await runHere(["health"])).toMatchObject({ code: 0, stdout: "ok\n" });
  expect(await runHere(["stop"])).toMatchObject({ code: 0 });
});

test("a reader that closes the pipe early is not a failure", async () => {
  const child = startCli(["--help"]);
  child.stdout?.destroy();
  expect((await outcome(child)).code).toBe(0);
});

test("Ctrl-C ends a waiting command with exit code 130", async () => {
  const child = startCli(["wait", "--location", "/nonexistent"]);
  setTimeout(() => child.kill("SIGINT"), 1500);
  expect(await outcome(child)).toMatchObject({ code: 130, stdout: "" });
});

/** Program that gives a command a terminal; part of Debian's essential packages. */
const script = "/usr/bin/script";

test.skipIf(!existsSync(script))(
  "on a terminal there are colours, but not with NO_COLOR (needs script of bsdutils)",
  () => {
    const inTerminal = (setting: string) => {
      // With CI set, Node assumes a terminal without colours.
      const command = `env -u CI ${setting} TERM=xterm ${process.execPath} packages/cli/bin/rollcall.mjs health --location /nonexistent; true`;
      return execFileSync(script, ["-qec", command, "/dev/null"], { encoding: "utf8" });
    };
    expect(inTerminal("-u NO_COLOR")).toContain(`${ESCAPE}[31m`);
    expect(inTerminal("NO_COLOR=1")).not.toContain(ESCAPE);
  },
);

test("a pipe gets no colours", async () => {
  expect((await runCli(["health", "--location", "/nonexistent"])).stderr).not.toContain(ESCAPE);
});
