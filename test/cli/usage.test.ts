import { expect, test } from "vitest";
import { runCli } from "./run-cli.js";
import { runHere } from "./run-here.js";

const commands = [
  "start",
  "stop",
  "wait",
  "health",
  "info",
  "env",
  "explain",
  "enrollment",
  "enrollment create",
  "enrollment show",
  "enrollment list",
  "enrollment update",
  "enrollment delete",
  "enrollment registration",
  "enrollment registration show",
  "enrollment registration delete",
  "enrollment-group",
  "enrollment-group create",
  "enrollment-group show",
  "enrollment-group list",
  "enrollment-group update",
  "enrollment-group delete",
  "enrollment-group compute-device-key",
  "enrollment-group registration",
  "enrollment-group registration list",
  "registration",
  "registration show",
  "registration list",
  "registration delete",
  "certificate",
  "certificate create",
  "certificate verify",
  "certificate list",
  "certificate show",
  "certificate delete",
  "certificate generate-verification-code",
  "hub",
  "hub list",
  "hub devices",
  "hub twin",
  "hub delete-device",
  "export",
  "import",
  "device",
  "device register",
  "fleet",
  "fleet run",
  "fleet enrollments",
  "pki",
  "pki root",
  "pki chain",
  "pki leaf",
  "pki p12",
  "demo",
  "completion",
];

test.each(commands)("rollcall %s --help prints its usage on standard output", async (command) => {
  const { code, stdout, stderr } = await runHere([...command.split(" "), "--help"]);
  expect(stdout).toMatch(`Usage: rollcall ${command}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("-h lists every command and every exit code", async () => {
  const { code, stdout } = await runCli(["-h"]);
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command.split(" ")[0]}\\b`, "m"));
  for (const exit of [0, 1, 2, 3, 4, 5, 6, 7, 99, 104, 105, 130])
    expect(stdout).toMatch(new RegExp(`^ +${exit}  `, "m"));
  expect(code).toBe(0);
});

test("--version prints the version and nothing else", async () => {
  expect(await runCli(["--version"])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: "",
  });
});

const wrong: readonly [string, readonly string[], RegExp][] = [
  ["a misspelt command", ["strat"], /unknown command 'strat'\n\(Did you mean start\?\)\nTry: rollcall --help/],
  ["a misspelt subcommand", ["fleet", "rum"], /Did you mean run\?\)\nTry: rollcall fleet --help/],
  ["a misspelt flag", ["info", "--locaton", "x"], /Did you mean --location\?\)\nTry: rollcall info --help/],
  ["no command", [], /Usage: rollcall/],
  ["a group without a command", ["pki"], /Usage: rollcall pki/],
  ["an invalid duration", ["wait", "--timeout", "soon"], /Write it like 500ms, 30s or 2m/],
  ["a port out of range", ["start", "--mqtt-port", "70000"], /A port is 0 to 65535/],
  ["a rate and a concurrency", ["fleet", "run", "x", "--rate", "5", "--concurrency", "5"], /cannot be used with/],
  ["location and --in-memory", ["start", "--location", "x", "--in-memory"], /cannot be used with/],
  ["too many arguments", ["health", "now"], /too many arguments/],
  [
    "a cloud service's key",
    ["enrollment", "list", "--login", "HostName=x"],
    /--login: it names a service of the cloud/,
  ],
  ["a query of az", ["enrollment-group", "list", "--query", "[].id"], /--query: JMESPath works in az only/],
  [
    "an enrollment without an id",
    ["enrollment", "create", "--at", "tpm"],
    /--eid, --enrollment-id <id>' not specified/,
  ],
  [
    "an invalid id",
    ["enrollment", "create", "--eid", "a b", "--at", "tpm"],
    /--eid a b: character 2 \(" "\) is not allowed/,
  ],
  [
    "an unknown attestation",
    ["enrollment", "create", "--eid", "a", "--at", "psk"],
    /It must be one of tpm, x509, symmetricKey/,
  ],
  ["no attestation", ["enrollment", "create", "--eid", "a"], /give --at symmetricKey, --ek or --cp/],
  [
    "an update without changes",
    ["enrollment", "update", "--eid", "a"],
    /nothing to change\nTry: rollcall enrollment update --help/,
  ],
  [
    "a device key without a group",
    ["enrollment-group", "compute-device-key", "--rid", "a"],
    /give the group's key with --key, or the group's id with --gid/,
  ],
  [
    "a verification without a proof or a key",
    ["certificate", "verify", "-n", "a"],
    /give --path with the proof certificate, or --ca-key/,
  ],
  ["an unknown shell", ["completion", "tcsh"], /Allowed choices are zsh, bash, fish, powershell/],
];

test.each(wrong)("%s exits 2 and says what to type", async (_, args, message) => {
  const { code, stdout, stderr } = await runHere(args);
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("a process ends with the code of its command, and writes where the command does", async () => {
  const { code, stdout, stderr } = await runCli(["strat"]);
  expect(stderr).toMatch(/^rollcall: unknown command 'strat'\n\(Did you mean start\?\)\nTry: rollcall --help\n$/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test.each([
  "health",
  "info",
  "stop",
  "explain x",
  "env x",
  "pki root",
  "device register --rid x --key AAAA",
  "enrollment list",
  "enrollment create --eid x --at symmetrickey",
  "enrollment-group delete --gid x --yes",
  "registration show --rid x",
  "certificate list",
  "hub list",
  "export -",
  "import -",
])("%s without a service exits 3 and names the command that starts one", async (command) => {
  const { code, stdout, stderr } = await runHere(command.split(" "), { cwd: "/" });
  expect(stderr).toMatch(/^rollcall: no service is running in .*\nTry: rollcall start\n$/);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
});

test("a pasted az command works: flags that name its service are ignored with a note", async () => {
  const args = ["enrollment", "show", "-n", "my-dps", "--resource-group", "rg", "--eid", "x"];
  const { stderr } = await runHere(args, { cwd: "/" });
  expect(stderr).toBe(
    [
      "--dps-name my-dps is ignored: --location chooses the service",
      "--resource-group rg is ignored: --location chooses the service",
      "rollcall: no service is running in ./.rollcall",
      "Try: rollcall start",
      "",
    ].join("\n"),
  );
});

/** Microsoft Learn, "Symmetric key attestation": the example of compute-device-key. */
const derived = {
  key: "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==",
  registrationId: "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
  device: "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=",
};

test.each<[readonly string[], string]>([
  [["--key", derived.key], derived.device],
  [["--symmetric-key", derived.key, "-o", "tsv"], derived.device],
  [["--key", derived.key, "-o", "json"], `"${derived.device}"`],
])("compute-device-key %j needs no service", async (args, expected) => {
  const command = ["enrollment-group", "compute-device-key", "--rid", derived.registrationId, ...args];
  expect(await runHere(command, { cwd: "/" })).toEqual({ code: 0, stdout: `${expected}\n`, stderr: "" });
});

test("wait without a service gives up after its timeout", async () => {
  const started = performance.now();
  const { code, stderr } = await runHere(["wait", "--timeout", "300ms", "--location", "/nonexistent"]);
  expect(stderr).toMatch(/no service was ready in \/nonexistent within 300 ms\nTry: rollcall start/);
  expect(code).toBe(3);
  expect(performance.now() - started).toBeGreaterThan(300);
});
