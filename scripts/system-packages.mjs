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
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const packages = [
  { name: "openssl", program: "openssl", use: "second opinion on certificates, chains and PKCS#12 bundles" },
  { name: "mosquitto-clients", program: "mosquitto_pub", use: "an independent MQTT client, against the broker" },
  { name: "swtpm", program: "swtpm", use: "second opinion on TPM answers" },
  { name: "tpm2-tools", program: "tpm2_getcap", use: "other people's TPM tools, on our TPM's socket" },
  { name: "tss2", program: "tsscreateprimary", use: "IBM's TPM utilities, on our TPM's socket" },
  { name: "tpm2-openssl", file: "ossl-modules/tpm2.so", use: "OpenSSL with keys in our TPM" },
  { name: "chromium", program: "chromium", use: "the browser in which the portal is tested" },
  { name: "postgresql", program: "initdb", use: "the store on a PostgreSQL that the tests start themselves" },
];

const say = (line) => process.stderr.write(`system packages: ${line}\n`);

function foldersIn(folder) {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function onPath(program) {
  // Debian installs some programs in sbin, which may be missing from PATH, and PostgreSQL in a folder named by its
  // version.
  const usual = ["/usr/sbin", "/usr/bin", ...foldersIn("/usr/lib/postgresql").map((folder) => join(folder, "bin"))];
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...usual];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A package without a program is recognized by a file below one of these library folders. */
const libraries = ["/usr/lib", ...foldersIn("/usr/lib").filter((folder) => folder.endsWith("-linux-gnu"))];
const inLibraries = (file) => libraries.some((folder) => existsSync(join(folder, file)));

const isHere = ({ program, file }) => (program === undefined ? inLibraries(file) : onPath(program));
const absent = () => packages.filter((each) => !isHere(each));

function aptGet(...args) {
  const patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "DPkg::Lock::Timeout=60"];
  const { status } = spawnSync("apt-get", [...patience, ...args], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}

/** Installs without a cluster: by default, Debian's PostgreSQL package creates and starts one. */
function withoutCluster(install) {
  const folder = "/etc/postgresql-common/createcluster.d";
  const file = join(folder, "rollcall.conf");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, "create_main_cluster = false\n");
  try {
    return install();
  } finally {
    rmSync(file, { force: true });
  }
}

function main() {
  const missing = absent();
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  for (const { name, use } of missing) say(`${name} is not installed (${use})`);
  if (process.env.ROLLCALL_SYSTEM_PACKAGES === "skip")
    return say("not installed on request; tests that need them will be skipped");
  if (!onPath("apt-get"))
    return say("there is no apt-get: install the packages in another way; until then their tests are skipped");
  if (process.getuid?.() !== 0) {
    return say(`tests that need them will be skipped. To install: sudo apt-get install -y ${names.join(" ")}`);
  }
  say(`installing with apt-get: ${names.join(" ")}`);
  aptGet("update", "-q");
  const install = () => aptGet("install", "-q", "-y", "--no-install-recommends", ...names);
  if (!(names.includes("postgresql") ? withoutCluster(install) : install())) say("apt-get failed");
  const left = absent().map(({ name }) => name);
  if (left.length > 0) say(`still absent: ${left.join(" ")}; tests that need them will be skipped`);
}

main();
