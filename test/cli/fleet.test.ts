import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcome, printed, runCli, startCli, temporaryFolder } from "./run-cli.js";
import { runHere } from "./run-here.js";
import { type RunningService, startFor } from "./running.js";

const fleetFile = `name: small
seed: 7
certificates: { notBefore: 2026-01-01, notAfter: 2036-01-01 }
devices:
  - name: line
    count: 3
    attestation: { type: x509, enrolled: root }
    transport: [mqtt, http, mqtt-ws]
    twin: { desired: { mode: production } }
  - name: tag
    count: 3
    attestation: { type: symmetricKey, enrolled: group }
  - name: off
    attestation: { type: symmetricKey, enrolled: individual }
    fault: disabled
    expect: { refused: { finding: enrollment.disabled, errorCode: 401002 } }
`;

let service: RunningService;
beforeAll(async () => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "fleet.yaml"), fleetFile);
  const { stdout } = await runCli(["fleet", "enrollments", "fleet.yaml"], { cwd: folder.path });
  service = await startFor(stdout);
  writeFileSync(join(service.path, "fleet.yaml"), fleetFile);
  writeFileSync(join(service.path, "slow.yaml"), fleetFile.replaceAll("count: 3", "count: 40"));
});
afterAll(() => service[Symbol.asyncDispose]());

const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });

describe("fleet enrollments", () => {
  test("prints the same seed every time, as JSON or YAML", async () => {
    const first = await rollcall("fleet", "enrollments", "fleet.yaml");
    const again = await rollcall("fleet", "enrollments", "fleet.yaml");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toBe(first.stdout);
    const yaml = await rollcall("fleet", "enrollments", "fleet.yaml", "-o", "yaml");
    expect(yaml.stdout).toMatch(/^enrollments:\n {2}- registrationId: off/);
    expect(yaml.stdout).toMatch(/^enrollmentGroups:$/m);
    expect(JSON.parse(first.stdout)).toMatchObject({
      enrollments: [{ provisioningStatus: "disabled" }],
      enrollmentGroups: [{}, {}],
    });
  });
});

describe("fleet run", () => {
  test.each([[[]], [["--rate", "50/s"]], [["--concurrency", "2"]]])(
    "%j ends with a report and exit code 0",
    async (flags) => {
      const args = ["fleet", "run", "fleet.yaml", ...flags, "--summary-export", "summary.json"];
      const { code, stdout } = await runCli(args, { cwd: service.path });
      expect(stdout).toMatch(/^attestation +devices +assigned/m);
      expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^6 devices registered in \d+\.\ds, 1 refused as expected$/);
      expect(code).toBe(0);
      const summary = JSON.parse(readFileSync(join(service.path, "summary.json"), "utf8"));
      expect(summary.counts).toMatchObject({
        devices: 7,
        assigned: 6,
        twinRead: 6,
        refusedAsExpected: 1,
        unexpected: 0,
      });
    },
  );

  test("-o json prints the report and nothing else", async () => {
    const { stdout } = await rollcall("fleet", "run", "fleet.yaml", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({
      fleet: "small",
      interrupted: false,
      phases: { assigned: { count: 6 } },
    });
  });

  test("--no-hub ends each device when it is assigned", async () => {
    const { code, stdout } = await rollcall("fleet", "run", "fleet.yaml", "--no-hub");
    expect(stdout).toMatch(/^all +7 +6$/m);
    expect(stdout).not.toMatch(/hub|twin/);
    expect(code).toBe(0);
  });

  test("exits 99 and names a device when devices do not end as expected", async () => {
    writeFileSync(join(service.path, "other.yaml"), fleetFile.replace("seed: 7", "seed: 8"));
    const { code, stdout, stderr } = await rollcall("fleet", "run", "other.yaml");
    expect(stdout).toMatch(/Not as expected:\n/);
    expect(stderr).toMatch(/rollcall: 7 of 7 devices did not end as expected\nTry: rollcall explain \S+/);
    expect(code).toBe(99);
  });

  test("a signal stops it with exit code 105 and a partial report", async () => {
    const child = startCli(["fleet", "run", "slow.yaml", "--rate", "5/s"], { cwd: service.path });
    const ended = outcome(child);
    const before = service.rollcall.attempts.size;
    await expect.poll(() => service.rollcall.attempts.size, { timeout: 20_000 }).toBeGreaterThan(before);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect(stderr).toMatch(/rollcall: stopped: the report is partial/);
    expect(stdout).toMatch(/stopped with \d+ not done$/m);
    expect(code).toBe(105);
  });

  const files: readonly [string, string | undefined, RegExp][] = [
    ["does not exist", undefined, /nowhere\.yaml: there is no such file/],
    ["has an unknown key", fleetFile.replace("count: 3", "cont: 3"), /bad\.yaml:6:5: .*cont/],
    ["is not YAML", "devices: [", /bad\.yaml:\d+:\d+: /],
  ];
  test.each(files)("a fleet file that %s exits 104", async (_, text, message) => {
    if (text !== undefined) writeFileSync(join(service.path, "bad.yaml"), text);
    const { code, stdout, stderr } = await rollcall("fleet", "run", text === undefined ? "nowhere.yaml" : "bad.yaml");
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 104, stdout: "" });
  });

  test("a target that is not loopback exits 7, before anything is sent", async () => {
    const target = ["--host", "global.azure-devices-provisioning.net", "--scope", "0ne00000000"];
    const { code, stdout, stderr } = await rollcall("fleet", "run", "fleet.yaml", ...target);
    expect(stderr).toMatch(/--i-own-this-target/);
    expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
  });
});

describe("demo", () => {
  test("ends with the closing line, and exit code 0", async () => {
    const { code, stdout, stderr } = await rollcall("demo");
    expect(stdout.split("\n").at(-2)).toMatch(/^50 devices registered in \d+\.\ds, 3 refused as expected$/);
    expect(stdout).toMatch(/^all +53 +50 +50$/m);
    expect(stdout).toMatch(/^ {2}line-without-intermediate: 401002 .*\n {4}The device sent 1 of its certificates/m);
    expect(stdout).toMatch(/^ {2}gateway-other-certificate: 401002 /m);
    expect(stdout).toMatch(/^ {2}sensor-disabled: 401002 /m);
    expect(stderr).toMatch(/✓ devices +50 assigned, 50 twins as prescribed, 3 refused/);
    expect(code).toBe(0);
  });

  test("does not exit 0 when a device was assigned that should be refused", async () => {
    writeFileSync(join(service.path, "wrong.yaml"), fleetFile.replace("    fault: disabled\n", ""));
    const { code, stdout, stderr } = await rollcall("demo", "--fleet", "wrong.yaml");
    expect(stderr).toMatch(
      /rollcall: not as expected: off\S*: was assigned to 127\.0\.0\.1, but should have been refused/,
    );
    expect(stdout).toMatch(/1 NOT as expected$/m);
    expect(code).toBe(99);
  });

  test("Ctrl-C stops it cleanly", async () => {
    const child = startCli(["demo"], { cwd: service.path });
    const ended = outcome(child);
    await printed(child, "stderr", /✓ service/);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/rollcall: stopped/);
    expect(code).toBe(105);
  });
});
