/**
 * Makes the checkout ready to run: checks the Node version, installs, compiles, and does what the flags ask for. The
 * `pre` scripts of package.json call it before anything is installed or built, so it may use plain Node only.
 *
 *   node scripts/setup.mjs [--build DIR] [--certs] [--system]
 *
 *   --build DIR   compile only this project and what it refers to (default: everything, tests included)
 *   --certs       then make the development certificates
 *   --system      then install the Debian packages that some tests need
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, "node_modules", ".cache", "rollcall", "installed");
const quietMilliseconds = 1500;

const say = (line) => process.stderr.write(`setup: ${line}\n`);
const readJson = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

class SetupError extends Error {}

// Ctrl-C in a terminal reaches our children too, so we only wait for them; a SIGTERM for us alone is passed on.
let interrupted = false;
let running;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    interrupted = true;
    if (signal === "SIGTERM") running?.kill(signal);
  });
}

/**
 * Runs a Node program with its output on stderr. Prints `note` at once or, with `late`, only if the program is slow.
 */
function run(note, args, { late = false } = {}) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => say(note), late ? quietMilliseconds : 0);
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
    running = child;
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (interrupted || signal) reject(new SetupError("interrupted; the next run starts this step again"));
      else if (code === 0) resolve();
      else reject(new SetupError(`"${note}" failed with exit code ${code}`));
    });
  });
}

function checkNode() {
  const floor = readJson("package.json").engines.node.replace(/[^\d.]/g, "");
  const [wantMajor, wantMinor] = floor.split(".").map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  throw new SetupError(
    `Rollcall needs Node ${floor} or newer; this is Node ${process.versions.node} (https://nodejs.org)`,
  );
}

/** npm writes this list last, so it is missing after an interrupted install. It is compared with the lock file. */
function npmInstalledTheLock() {
  if (!existsSync(join(root, "node_modules/.package-lock.json"))) return false;
  const present = readJson("node_modules/.package-lock.json").packages;
  return Object.entries(readJson("package-lock.json").packages).every(
    ([path, wanted]) =>
      !path.startsWith("node_modules/") || wanted.optional || wanted.link || present[path]?.version === wanted.version,
  );
}

/** The npm program that started us, else the npm installed beside this Node. */
function npmProgram() {
  const beside = ["../lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js"];
  const candidates = [process.env.npm_execpath, ...beside.map((path) => join(dirname(process.execPath), path))];
  const found = candidates.find((path) => path?.endsWith("npm-cli.js") && existsSync(path));
  if (found) return found;
  throw new SetupError("npm was not found; run `npm ci --ignore-scripts` and try again");
}

async function install() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === lock) return;
  if (!npmInstalledTheLock()) {
    const flags = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("installing packages (npm ci --ignore-scripts)", [npmProgram(), "ci", ...flags]);
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, lock);
}

async function build(project) {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  await run(`compiling (tsc --build ${project})`, [compiler, "--build", project], { late: true });
  if (existsSync(join(root, "scripts/build-portal.mjs"))) {
    await run("building the portal (vite build)", ["scripts/build-portal.mjs"], { late: true });
  }
}

async function setup(args) {
  checkNode();
  await install();
  await build(args.includes("--build") ? args[args.indexOf("--build") + 1] : ".");
  if (args.includes("--certs") && existsSync(join(root, "scripts/certs.mjs"))) {
    await run("making the development certificates", ["scripts/certs.mjs"], { late: true });
  }
  if (args.includes("--system")) {
    await run("looking for system packages", ["scripts/system-packages.mjs"], { late: true });
  }
}

try {
  await setup(process.argv.slice(2));
} catch (error) {
  say(error instanceof SetupError ? error.message : String(error.stack));
  process.exitCode = interrupted ? 130 : 1;
}
