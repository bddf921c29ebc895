import { execFile, execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { deriveDeviceKey } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./run-cli.js";
import { runHere } from "./run-here.js";
import { keys, type RunningService, seed, startFor } from "./running.js";

let service: RunningService;
beforeAll(async () => {
  service = await startFor(seed);
});
afterAll(() => service[Symbol.asyncDispose]());

const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });
const register = (...args: string[]) => rollcall("device", "register", ...args);

describe("device register", () => {
  test.each(["mqtt", "mqtt-ws", "http"])("over %s prints the registration state as JSON", async (transport) => {
    const identity = ["--rid", "pump-7", "--at", "SymmetricKey", "--key", keys.pump];
    const args = ["device", "register", ...identity, "--transport", transport, "-o", "json"];
    const { code, stdout, stderr } = await runCli(args, { cwd: service.path });
    expect(JSON.parse(stdout)).toMatchObject({
      registrationId: "pump-7",
      status: "assigned",
      assignedHub: "127.0.0.1",
      deviceId: "pump-7",
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("with a group's key and --ck, in az's spelling, then the hub's twin", async () => {
    const { code, stdout } = await register(
      "--registration-id",
      "tag-1",
      "--symmetric-key",
      keys.yard,
      "--compute-key",
      "--hub",
    );
    expect(stdout).toMatch(/^status\tassigned$/m);
    expect(stdout).toMatch(/^twin desired\t\{"\$version":1\}$/m);
    expect(code).toBe(0);
  });

  test("with a key from a file, which no list of processes shows", async () => {
    writeFileSync(join(service.path, "pump.key"), `${keys.pump}\n`);
    expect(await register("--rid", "pump-7", "--key", "@pump.key")).toMatchObject({ code: 0 });
    expect(await register("--rid", "pump-7", "--key", "@nowhere")).toMatchObject({ code: 2, stdout: "" });
  });

  test("with --hub gives the twin in the JSON", async () => {
    const { stdout } = await register("--rid", "pump-7", "--key", keys.pump, "--hub", "-o", "json");
    expect(JSON.parse(stdout).twin.desired).toMatchObject({ interval: 10 });
  });

  test("against a service named by host, scope and CA, from anywhere", async () => {
    const { idScope, host, ports, caPath } = service.rollcall.info;
    const target = ["--host", `${host}:${ports.mqtt}`, "--scope", idScope, "--ca", caPath];
    const { code, stdout } = await runHere([
      "device",
      "register",
      "--rid",
      "pump-7",
      "--key",
      keys.pump,
      ...target,
      "-o",
      "json",
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ status: "assigned" });
    expect(code).toBe(0);
  });

  test("that is refused exits 6 with code, tracking id and the command that explains", async () => {
    const args = ["device", "register", "--rid", "pump-off", "--key", keys.disabled, "-o", "json"];
    const refused = await runCli(args, { cwd: service.path });
    expect(refused.code).toBe(6);
    const { trackingId, errorCode, status } = JSON.parse(refused.stdout);
    expect({ errorCode, status }).toEqual({ errorCode: 401002, status: "refused" });
    expect(refused.stderr).toMatch(/^rollcall: pump-off was refused by the service: 401002 .*trackingId/);
    expect(refused.stderr).toMatch(`Try: rollcall explain ${trackingId}\n`);

    const explained = await rollcall("explain", trackingId, "-o", "json");
    expect(JSON.parse(explained.stdout)).toMatchObject({
      trackingId,
      registrationId: "pump-off",
      outcome: "refused",
      findings: [{ code: "enrollment.disabled" }],
    });
    const text = await rollcall("explain", "PUMP-OFF");
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/^pump-off was refused at the provisioning service\./);
    expect(text.stdout).toMatch(/answer +status 401, error 401002/);
    expect(text.stdout).toMatch(/What happened\n +\+0\.0 ms {2}connected\n/);
    expect(text.stdout).toMatch(/✗ The individual enrollment pump-off is disabled/);
    expect(text.stdout).toMatch(/remedy +Enable the enrollment/);
  });

  test("that the service fails to decide about is not refused: exit 3, and explain says why", async () => {
    await using failing = await startFor(seed);
    failing.rollcall.store.saveAssignment = () => Promise.reject(new Error("the disk is gone"));
    const args = ["--rid", "pump-7", "--key", keys.pump, "--transport", "http", "--timeout", "3s"];
    const result = await runHere(["device", "register", ...args], { cwd: failing.path });
    expect(result).toMatchObject({ code: 3, stdout: "" });
    expect(result.stderr).toMatch(
      /^rollcall: the service failed, so it did not decide about pump-7: 500001 internal error/,
    );
    expect(result.stderr).toMatch(/Try: rollcall explain [0-9a-f-]{36}\n/);
    expect(result.stderr).not.toContain("the disk is gone");
  });

  test("over MQTT with a wrong key is refused by CONNACK, and explain finds it by registration id", async () => {
    const refused = await register("--rid", "pump-7", "--key", keys.hall);
    expect(refused).toMatchObject({ code: 6, stdout: "" });
    expect(refused.stderr).toContain("Try: rollcall explain pump-7\n");
    expect((await rollcall("explain", "pump-7")).stdout).toMatch(/answer +CONNACK 5/);
  });

  test("with a virtual TPM keeps its state, whole and for its owner only", async () => {
    const first = await register("--rid", "meter-1", "--tpm", "tpm", "--transport", "http");
    expect(first.stderr).toMatch(/Made a virtual TPM in tpm\. Its endorsement key, for its enrollment:\n(AToAAQ\S+)\n/);
    expect(first.code).toBe(6);
    const file = join(service.path, "tpm", "tpm.json");
    expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
    const { seeds } = JSON.parse(readFileSync(file, "utf8"));

    const second = await register("--rid", "meter-1", "--tpm", "tpm", "--transport", "http");
    expect(second.stderr).not.toContain("Made a virtual TPM");
    expect(JSON.parse(readFileSync(file, "utf8")).seeds).toEqual(seeds);

    const endorsementKey = /\n(AToAAQ\S+)\n/.exec(first.stderr)?.[1];
    await using enrolled = await startFor({
      enrollments: [{ registrationId: "meter-1", attestation: { type: "tpm", tpm: { endorsementKey } } }],
    });
    for (const transport of ["http", "mqtt"]) {
      const args = [
        "--rid",
        "meter-1",
        "--at",
        "TPM",
        "--tpm",
        join(service.path, "tpm"),
        "--transport",
        transport,
        "--hub",
        "-o",
        "json",
      ];
      const { code, stdout } = await runHere(["device", "register", ...args], { cwd: enrolled.path });
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ status: "assigned", twin: { desired: { $version: 1 } } });
    }
  });

  test("with a certificate of pki leaf, by an individual enrollment", async () => {
    await rollcall("pki", "leaf", "--cn", "gate-1");
    const certificate = readFileSync(join(service.path, "gate-1.pem"), "utf8");
    await using enrolled = await startFor({
      enrollments: [
        {
          registrationId: "gate-1",
          attestation: { type: "x509", x509: { clientCertificates: { primary: { certificate } } } },
        },
      ],
    });
    const files = ["--cp", join(service.path, "gate-1.pem"), "--kp", join(service.path, "gate-1.key.pem")];
    const { code, stdout } = await runHere(["device", "register", "--rid", "gate-1", ...files, "--hub", "-o", "json"], {
      cwd: enrolled.path,
    });
    expect(JSON.parse(stdout)).toMatchObject({ status: "assigned", twin: { desired: {} } });
    expect(code).toBe(0);
  });

  const mistakes: readonly [string, readonly string[], RegExp][] = [
    ["no identity", [], /no flag says how the device proves its identity/],
    ["two identities", ["--key", keys.pump, "--tpm", "x"], /more than one attestation type/],
    ["an unknown kind", ["--at", "password"], /It must be one of/],
    ["a key that is not base64", ["--key", "***"], /--key is not base64/],
    ["a payload that is not JSON", ["--key", keys.pump, "--payload", "{a:1}"], /--payload is not JSON/],
    [
      "a payload file that does not exist",
      ["--key", keys.pump, "--payload", "@nowhere"],
      /--payload nowhere: there is no such file/,
    ],
    [
      "a chain file that does not exist",
      ["--cp", "nowhere.pem", "--kp", "nowhere.pem"],
      /--cp nowhere\.pem: there is no such file/,
    ],
    ["a chain without a key", ["--cp", "seed.json"], /--at x509 needs --kp <file>/],
    [
      "a chain file without certificates",
      ["--cp", "seed.json", "--kp", "seed.json"],
      /--cp seed\.json: the file contains no PEM certificate/,
    ],
    ["a host without a scope", ["--key", keys.pump, "--host", "127.0.0.1"], /--host needs --scope/],
    [
      "a host that is a URL",
      ["--key", keys.pump, "--host", "https://x", "--scope", "s"],
      /write it as name, name:port/,
    ],
  ];

  test.each(mistakes)("%s exits 2 and says so", async (_, args, message) => {
    const { code, stdout, stderr } = await register("--rid", "pump-7", ...args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("a damaged TPM state is named, and not changed", async () => {
    execFileSync("mkdir", ["-p", join(service.path, "broken")]);
    writeFileSync(join(service.path, "broken", "tpm.json"), '{"version": 1');
    const { code, stderr } = await register("--rid", "x", "--tpm", "broken");
    expect(stderr).toMatch(/broken\/tpm\.json cannot be read/);
    expect(code).toBe(2);
    expect(readFileSync(join(service.path, "broken", "tpm.json"), "utf8")).toBe('{"version": 1');
  });

  test("a service that does not run exits 3", async () => {
    const { caPath } = service.rollcall.info;
    const { code, stderr } = await register(
      "--rid",
      "x",
      "--key",
      keys.pump,
      "--host",
      "127.0.0.1:1",
      "--scope",
      "s",
      "--ca",
      caPath,
    );
    expect(stderr).toMatch(/the service at 127\.0\.0\.1 gave no answer \(tls\): .*/);
    expect(code).toBe(3);
  });
});

describe("explain", () => {
  test("of an unknown id exits 4", async () => {
    const { code, stdout, stderr } = await rollcall("explain", "never-seen");
    expect(stderr).toMatch(/^rollcall: the service knows no attempt of never-seen/);
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
  });
});

/** The steps of the Node SDK's register_symkey.js, with the same variables. */
const nodeSample = `
  const { Mqtt } = require("azure-iot-provisioning-device-mqtt");
  const { SymmetricKeySecurityClient } = require("azure-iot-security-symmetric-key");
  const { ProvisioningDeviceClient } = require("azure-iot-provisioning-device");
  const { PROVISIONING_HOST, PROVISIONING_IDSCOPE, PROVISIONING_REGISTRATION_ID, PROVISIONING_SYMMETRIC_KEY } = process.env;
  const security = new SymmetricKeySecurityClient(PROVISIONING_REGISTRATION_ID, PROVISIONING_SYMMETRIC_KEY);
  const client = ProvisioningDeviceClient.create(PROVISIONING_HOST, PROVISIONING_IDSCOPE, new Mqtt(), security);
  client.register((error, result) => {
    if (error) console.log("error registering device: " + error);
    else {
      console.log("registration succeeded");
      console.log("assigned hub=" + result.assignedHub);
      console.log("deviceId=" + result.deviceId);
    }
  });
`;

describe("env", () => {
  const sdks: readonly [string, readonly string[]][] = [
    [
      "node",
      [
        "PROVISIONING_HOST",
        "PROVISIONING_IDSCOPE",
        "PROVISIONING_REGISTRATION_ID",
        "PROVISIONING_SYMMETRIC_KEY",
        "NODE_EXTRA_CA_CERTS",
      ],
    ],
    [
      "python",
      [
        "PROVISIONING_HOST",
        "PROVISIONING_IDSCOPE",
        "PROVISIONING_REGISTRATION_ID",
        "PROVISIONING_SYMMETRIC_KEY",
        "SSL_CERT_FILE",
      ],
    ],
    ["csharp", ["DPS_GLOBALDEVICEENDPOINT", "DPS_IDSCOPE", "DPS_REGISTRATION_ID", "DPS_PRIMARY_KEY", "SSL_CERT_FILE"]],
    ["c", ["AZ_IOT_PROVISIONING_ID_SCOPE", "AZ_IOT_PROVISIONING_REGISTRATION_ID", "AZ_IOT_PROVISIONING_SAS_KEY"]],
    [
      "pnp",
      [
        "IOTHUB_DEVICE_SECURITY_TYPE",
        "IOTHUB_DEVICE_DPS_ENDPOINT",
        "IOTHUB_DEVICE_DPS_ID_SCOPE",
        "IOTHUB_DEVICE_DPS_DEVICE_ID",
        "IOTHUB_DEVICE_DPS_DEVICE_KEY",
      ],
    ],
  ];

  test.each(sdks)("--for %s prints variables that a shell can read", async (sdk, names) => {
    const { code, stdout } = await rollcall("env", "pump-7", "--for", sdk);
    const dumped = execFileSync("sh", ["-c", `${stdout}\nenv`], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"] },
    });
    for (const name of names) expect(dumped).toMatch(new RegExp(`^${name}=.+$`, "m"));
    expect(dumped).toContain(keys.pump);
    expect(dumped).toContain(service.rollcall.info.caPath);
    expect(code).toBe(0);
  });

  test("prints everything that the unchanged sample of the Node SDK needs", async () => {
    const rollcallEnv = `${process.execPath} packages/cli/bin/rollcall.mjs env pump-7 --for node --location ${service.path}/.rollcall`;
    const command = `eval "$(${rollcallEnv})" && exec ${process.execPath} -e '${nodeSample}'`;
    const { stdout } = await promisify(execFile)("sh", ["-c", command], { encoding: "utf8" });
    expect(stdout).toContain("registration succeeded\nassigned hub=127.0.0.1\ndeviceId=pump-7\n");
  });

  test("--group derives the device's key; several groups without it are an error", async () => {
    const derived = deriveDeviceKey(Buffer.from(keys.hall, "base64"), "tag-9").toString("base64");
    const { stdout } = await rollcall("env", "tag-9", "--group", "HALL", "--shell", "dotenv");
    expect(stdout).toContain(`PROVISIONING_SYMMETRIC_KEY=${derived}\n`);
    expect(stdout).not.toContain(keys.hall);
    expect(await rollcall("env", "tag-9")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/several groups could take it: hall, yard\nTry: rollcall env tag-9 --group hall/),
    });
    expect(await rollcall("env", "tag-9", "--group", "nowhere")).toMatchObject({ code: 4, stdout: "" });
  });

  test("--cp and --kp name the files, and no key", async () => {
    const { stdout } = await rollcall("env", "gate-1", "--cp", "a.pem", "--kp", "b.pem", "--shell", "pwsh");
    expect(stdout).toContain(`$env:CERTIFICATE_FILE = '${join(service.path, "a.pem")}'\n`);
    expect(stdout).not.toContain("SYMMETRIC_KEY");
  });
});
