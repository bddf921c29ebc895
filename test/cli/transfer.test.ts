import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startRollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcome, runCli, startCli, temporaryFolder } from "./run-cli.js";
import { runHere } from "./run-here.js";
import { keys, type RunningService, seed, startFor } from "./running.js";

let service: RunningService;
const file = (name: string) => join(service.path, name);
const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });

beforeAll(async () => {
  service = await startFor(seed);
  expect(await rollcall("device", "register", "--rid", "pump-7", "--key", keys.pump)).toMatchObject({ code: 0 });
});
afterAll(() => service[Symbol.asyncDispose]());

/** An empty service. */
async function empty() {
  const folder = await temporaryFolder();
  const other = await startRollcall({ location: join(folder.path, ".rollcall"), store: "memory" });
  return {
    run: (...args: string[]) => runHere(args, { cwd: folder.path }),
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await other.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("export and import: another service has the same enrollments, registrations and twins, keys included", async () => {
  const exported = await rollcall("export", "backup.jsonl");
  expect(exported).toEqual({
    code: 0,
    stdout: "",
    stderr: "exported 7 records to backup.jsonl; it contains keys\n",
  });
  expect((statSync(file("backup.jsonl")).mode & 0o777).toString(8)).toBe("600");
  await using other = await empty();
  const imported = await other.run("import", file("backup.jsonl"), "-o", "json");
  expect(imported).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(imported.stdout)).toMatchObject({
    format: "export",
    imported: { individuals: 2, groups: 2, registrations: 1, identities: 1, twins: 1, certificates: 0 },
  });
  for (const args of [
    ["enrollment", "list", "-o", "json"],
    ["enrollment-group", "show", "--gid", "yard", "--keys", "-o", "json"],
    ["registration", "show", "--rid", "pump-7", "-o", "json"],
    ["hub", "twin", "-d", "pump-7", "-o", "json"],
  ])
    expect(await other.run(...args)).toEqual(await rollcall(...args));
});

test("- is standard output and input; in a pipe there is no progress", async () => {
  const exported = await runCli(["export", "-"], { cwd: service.path });
  expect(exported).toMatchObject({ code: 0, stderr: "exported 7 records; it contains keys\n" });
  expect(exported.stdout.trimEnd().split("\n")).toHaveLength(9);
  await using other = await empty();
  const imported = await runCli(["import", "-"], { cwd: other.path, input: exported.stdout });
  expect(imported.stdout).toMatch(/^individuals\t2$/m);
  expect(imported).toMatchObject({ code: 0, stderr: "" });
});

test("a list of az is imported too; without keys only with --generate-keys", async () => {
  await using other = await empty();
  writeFileSync(join(other.path, "az.json"), (await rollcall("enrollment", "list", "-o", "json")).stdout);
  const without = await other.run("import", "az.json");
  expect(without).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^rollcall: .*pump-7 has no symmetric keys/),
  });
  expect(without.stderr).toMatch(/--generate-keys/);
  const made = await other.run("import", "az.json", "--generate-keys");
  expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(/every device must register/) });
  expect((await other.run("enrollment", "list", "--filter", "provisioningStatus = 'disabled'")).stdout).toMatch(
    /^pump-off\t/,
  );
});

test("an existing file or record is not replaced without --force or --overwrite", async () => {
  writeFileSync(file("taken"), "mine");
  expect(await rollcall("export", "taken")).toEqual({
    code: 5,
    stdout: "",
    stderr: "rollcall: taken exists; --force replaces it\n",
  });
  expect(readFileSync(file("taken"), "utf8")).toBe("mine");
  expect(await rollcall("export", "taken", "--force")).toMatchObject({ code: 0 });
  const again = await rollcall("import", "taken");
  expect(again).toMatchObject({ code: 5, stdout: "" });
  expect(again.stderr).toMatch(/already exists.*\nTry: rollcall import taken --overwrite\n$/s);
  expect(await rollcall("import", "taken", "--overwrite")).toMatchObject({ code: 0 });
});

test.each<[string, string | undefined, RegExp]>([
  ["a file that does not exist", undefined, /^rollcall: broken: there is no such file\n$/],
  ["an empty file", "", /The upload is empty/],
  ["an invalid line", '{"kind":"rollcallExport","version":1,"idScope":"0ne00000000"}\n{\n', /Line 2: /],
  ["half an export", '{"kind":"rollcallExport","version":1,"idScope":"0ne00000000"}\n', /Nothing was imported|cut/],
])("import of %s: nothing is imported", async (_, text, message) => {
  await using other = await empty();
  if (text !== undefined) writeFileSync(join(other.path, "broken"), text);
  const result = await other.run("import", "broken");
  expect(result.stderr).toMatch(message);
  expect(result).toMatchObject({ code: 2, stdout: "" });
  expect((await other.run("enrollment", "list")).stdout).toBe("");
});

describe("an export that does not end", () => {
  /** A server that begins an export and does not end it; its location leads clients to it. */
  async function stuckService(finish: boolean, begin = true) {
    const folder = await temporaryFolder();
    const location = join(folder.path, ".rollcall");
    const real = await startRollcall({ location, store: "memory" });
    const instance = JSON.parse(readFileSync(join(location, "instance.json"), "utf8"));
    const server = createServer((request, response) => {
      request.resume();
      request.once("end", () => server.emit("asked"));
      if (!begin) return;
      response.setHeader("content-type", "application/x-ndjson");
      response.write('{"kind":"rollcallExport","version":1}\n{"kind":"enrollmentGroup","record":{}}\n');
      if (finish) response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    writeFileSync(
      join(location, "instance.json"),
      JSON.stringify({ ...instance, ports: { ...instance.ports, dashboard: port } }),
    );
    return {
      path: folder.path,
      asked: () => once(server, "asked"),
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await real.stop();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  test("Ctrl-C during an import: says that records may have been imported, exit code 130", async () => {
    await using stuck = await stuckService(false, false);
    writeFileSync(join(stuck.path, "all.jsonl"), "{}\n");
    const asked = stuck.asked();
    const child = startCli(["import", "all.jsonl"], { cwd: stuck.path });
    const ended = outcome(child);
    await asked;
    child.kill("SIGINT");
    expect(await ended).toMatchObject({
      code: 130,
      stdout: "",
      stderr: expect.stringMatching(
        /some or all of the records may have been imported; .*\nTry: rollcall import all\.jsonl --overwrite\n$/,
      ),
    });
  });

  test("Ctrl-C leaves no partial file, exit code 130", async () => {
    await using stuck = await stuckService(false);
    const child = startCli(["export", "backup.jsonl", "--debug"], { cwd: stuck.path });
    const ended = outcome(child);
    const half = () => readdirSync(stuck.path).some((name) => name.endsWith(".tmp"));
    while (!half()) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({
      code: 130,
      stdout: "",
      stderr: expect.stringMatching(/interrupted: nothing was written/),
    });
    expect(readdirSync(stuck.path)).toEqual([".rollcall"]);
  });

  test("an export that is cut short is an error, and leaves no file", async () => {
    await using stuck = await stuckService(true);
    const result = await runHere(["export", "backup.jsonl"], { cwd: stuck.path });
    expect(result).toMatchObject({ code: 3, stdout: "", stderr: expect.stringMatching(/the export was cut short/) });
    expect(existsSync(join(stuck.path, "backup.jsonl"))).toBe(false);
    expect(readdirSync(stuck.path)).toEqual([".rollcall"]);
  });
});
