import { expect, test } from "vitest";
import { runCli } from "./run-cli.js";

test.each([
  ["bash", "complete "],
  ["zsh", "#compdef rollcall"],
  ["fish", "complete -c rollcall"],
  ["powershell", "Register-ArgumentCompleter"],
])("completion %s prints a script that asks rollcall", async (shell, part) => {
  const { code, stdout, stderr } = await runCli(["completion", shell]);
  expect(stdout).toContain(part);
  expect(stdout).toContain("rollcall");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test.each(["--help", "-h"])("completion %s says what bash needs", async (flag) => {
  const { code, stdout } = await runCli(["completion", flag]);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("bash-completion") });
});

const completions: readonly [string, readonly string[], readonly string[]][] = [
  ["commands", ["de"], ["device", "demo"]],
  ["subcommands", ["pki", ""], ["root", "chain", "leaf", "p12"]],
  ["flags", ["device", "register", "--tr"], ["--transport"]],
  ["choices of a flag", ["device", "register", "--transport", ""], ["mqtt", "mqtt-ws", "http"]],
  ["the verbs of a noun", ["enrollment-group", "comp"], ["compute-device-key"]],
  ["verbs below a noun", ["enrollment", "registration", ""], ["show", "delete"]],
  ["flags of an enrollment", ["enrollment", "create", "--end"], ["--endorsement-key"]],
  ["attestations", ["enrollment", "create", "--attestation-type", ""], ["tpm", "x509", "symmetricKey"]],
  ["attestations after the short flag", ["enrollment", "create", "--at", ""], ["tpm", "x509", "symmetricKey"]],
  ["formats", ["hub", "list", "-o", ""], ["json", "table", "tsv", "yaml"]],
  ["shells", ["completion", ""], ["zsh", "bash", "fish", "powershell"]],
];

test.each(completions)("completes %s", async (_, words, expected) => {
  const { code, stdout } = await runCli(["complete", "--", ...words]);
  const offered = stdout.split("\n").map((line) => line.split("\t")[0]);
  expect(offered).toEqual(expect.arrayContaining([...expected]));
  expect(code).toBe(0);
});

test.each([
  ["the argument of fleet run", ["fleet", "run", "dev"]],
  ["a flag that takes a file", ["start", "--seed", ""]],
  ["a certificate file by the short flag", ["enrollment", "create", "--cp", ""]],
  ["a certificate file by the long flag", ["enrollment-group", "update", "--secondary-certificate-path", "r"]],
  ["a path by a letter", ["certificate", "create", "-p", ""]],
  ["the file of an export", ["export", ""]],
  ["a flag that takes a folder", ["info", "--location", "."]],
])("leaves %s to the shell", async (_, words) => {
  expect((await runCli(["complete", "--", ...words])).stdout).toBe(":0\n");
});
