import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { freePorts, printed, temporaryFolder } from "./run-cli.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const packages = readdirSync(join(root, "packages"));
const key = Buffer.alloc(32, 1).toString("base64");

const seed = {
  enrollments: [
    {
      registrationId: "dev1",
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: key, secondaryKey: key } },
    },
  ],
};

/** The environment of a user's shell, without npm's variables of the workspace. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|ROLLCALL_)/i.test(name)),
);

test("the npm package, installed into an empty folder, starts, serves the portal and registers a device", async () => {
  await using folder = await temporaryFolder();
  const tarballs = join(folder.path, "tarballs");
  const app = join(folder.path, "app");
  for (const path of [tarballs, app]) mkdirSync(path);
  const workspaces = packages.flatMap((name) => ["-w", `packages/${name}`]);
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", tarballs, ...workspaces], { cwd: root, env });
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true }));
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  expect(files).toHaveLength(packages.length);
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await run("npm", ["install", ...flags, ...files], { cwd: app, env });
  writeFileSync(join(app, "seed.json"), JSON.stringify(seed));

  const bin = join(app, "node_modules", ".bin", "rollcall");
  const service = spawn(bin, ["start", "--seed", "seed.json", "--retry-after", "0", ...freePorts], { cwd: app, env });
  const exited = once(service, "exit");
  try {
    await printed(service, "stdout", /^Next: /m);
    const register = ["device", "register", "--rid", "dev1", "--key", key, "-o", "json"];
    const registered = JSON.parse((await run(bin, register, { cwd: app, env })).stdout);
    expect(registered).toMatchObject({ status: "assigned", deviceId: "dev1" });
    const instance = JSON.parse(readFileSync(join(app, ".rollcall", "instance.json"), "utf8"));
    expect(instance.store.kind).toBe("sqlite");
    const page = await fetch(`http://127.0.0.1:${instance.ports.dashboard}/`);
    const html = await page.text();
    expect(page.status).toBe(200);
    const script = /<script[^>]+src="([^"]+)"/.exec(html)?.[1];
    const code = await fetch(new URL(script ?? "", page.url));
    expect(code.headers.get("content-type")).toMatch(/javascript/);
  } finally {
    service.kill("SIGTERM");
    await exited;
  }
}, 180_000);
