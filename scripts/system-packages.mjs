/**
 * The Debian packages that some tests need, and the one script that installs them.
 *
 *   node scripts/system-packages.mjs
 *
 * As root it installs what is absent with apt-get, otherwise it prints the command to run. Nothing here fails a test run:
 * a test whose program is absent is skipped, and the closing lines of `npm test` say so.
 * ROLLCALL_SYSTEM_PACKAGES=skip leaves the machine alone.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const packages = [
  { name: "openssl", program: "openssl", use: "second opinion on certificates, chains and PKCS#12 bundles" },
  { name: "mosquitto-clients", program: "mosquitto_pub", use: "an MQTT client that is not ours, against the broker" },
  { name: "swtpm", program: "swtpm", use: "second opinion on TPM answers" },
  { name: "tpm2-tools", program: "tpm2_getcap", use: "other people's TPM tools, on our TPM's socket" },
];

const say = (line) => process.stderr.write(`system packages: ${line}\n`);

function onPath(program) {
  // Debian keeps some programs in sbin, which is not on every user's PATH.
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const absent = () => packages.filter(({ program }) => !onPath(program));

function aptGet(...args) {
  const patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "DPkg::Lock::Timeout=60"];
  const { status } = spawnSync("apt-get", [...patience, ...args], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}

function main() {
  const missing = absent();
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  for (const { name, use } of missing) say(`${name} is not installed (${use})`);
  if (process.env.ROLLCALL_SYSTEM_PACKAGES === "skip") return say("left alone; tests that need them will be skipped");
  if (!onPath("apt-get")) return say("no apt-get here: install them your way; until then their tests will be skipped");
  if (process.getuid?.() !== 0) {
    return say(`tests that need them will be skipped. To install: sudo apt-get install -y ${names.join(" ")}`);
  }
  say(`installing with apt-get: ${names.join(" ")}`);
  aptGet("update", "-q");
  if (!aptGet("install", "-q", "-y", "--no-install-recommends", ...names)) say("apt-get failed");
  const left = absent().map(({ name }) => name);
  if (left.length > 0) say(`still absent: ${left.join(" ")}; tests that need them will be skipped`);
}

main();
