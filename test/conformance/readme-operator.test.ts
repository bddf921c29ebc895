import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Rollcall } from "@rollcall/service";
import { startRollcall } from "@rollcall/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The code block that follows a mark. */
function block(mark: string): string {
  const code = new RegExp(`<!-- ${mark} -->\\n\`\`\`\\w+\\n(.*?)\n\`\`\``, "s").exec(readme)?.[1];
  if (code === undefined) throw new Error(`README.md has no block ${mark}`);
  return code;
}

let folder: string;
let service: Rollcall;
let ports: FixedPorts;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  ports = await probeFixedPorts();
  folder = mkdtempSync(join(tmpdir(), "rollcall-readme-"));
  const location = join(folder, ".rollcall");
  const listen = { https: ports[443] === undefined ? 443 : 0 };
  service = await startRollcall({ location, listen, registration: { retryAfter: 0 } });
  // `rollcall` as an installed command.
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(join(root, "packages/cli/bin/rollcall.mjs"), join(bin, "rollcall"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
});
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the operator's day of the README, word by word, in a shell", async () => {
  const script = `set -euo pipefail\n${block("operator:cli")}\n`;
  const { stdout } = await run("bash", ["-c", script], { cwd: folder, env, timeout: 120_000 });
  expect(stdout.match(/assigned/g)?.length).toBeGreaterThanOrEqual(3);
  expect(stdout).toMatch(/twin desired\s+\{"interval":10/);
  expect(await service.store.counts()).toMatchObject({ individualEnrollments: 0, enrollmentGroups: 0 });
}, 130_000);

test("a CA certificate of the README: uploaded, proven, referred to", async () => {
  const script = `set -euo pipefail\n${block("operator:ca")}\n`;
  await run("bash", ["-c", script], { cwd: folder, env, timeout: 60_000 });
  expect(await service.store.caCertificate("plant")).toMatchObject({ isVerified: true });
  expect((await service.store.enrollmentGroup("line-4"))?.attestation).toMatchObject({ primaryName: "plant" });
  await service.store.removeGroup("line-4");
}, 70_000);

test("the same from a program, with the unmodified service SDK", async (context) => {
  skipWithout(ports, 443, context.skip);
  const script = `set -euo pipefail
    rollcall pki root --cn line-3 --out-dir pki --force
    rollcall tpm create --state tpm-2
    export CONNECTION_STRING="$(rollcall info connectionString)" NODE_EXTRA_CA_CERTS="$(rollcall info caPath)"
    export ENDORSEMENT_KEY="$(rollcall tpm export-ek --state tpm-2)"
    node operator.mjs`;
  const seen: string[] = [];
  const original = service.store.putIndividual.bind(service.store);
  service.store.putIndividual = (record, expected) => {
    seen.push(JSON.stringify(record.initialTwin.desired));
    return original(record, expected);
  };
  writeFileSync(join(folder, "operator.mjs"), block("operator:sdk"));
  await run("bash", ["-c", script], { cwd: folder, env, timeout: 60_000 });
  expect(seen).toEqual(["{}", '{"interval":60}']);
  expect(await service.store.counts()).toMatchObject({ individualEnrollments: 0, enrollmentGroups: 0 });
}, 70_000);
