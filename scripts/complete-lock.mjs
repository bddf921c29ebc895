/**
 * Adds to package-lock.json the platform binaries that `npm install` left out because the registry in use does not carry them.
 * `npm ci` refuses a lock file that lacks any of them, on every platform. Run it after `npm install`:
 *
 *   node scripts/complete-lock.mjs
 *
 * Only optional dependencies with an exact version are added. They get no checksum, since they are not downloaded here.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/** `os`, `cpu` and `libc` of a lock file entry, read from the package's name: `binding-linux-arm-musleabihf`. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  if (!os || !cpu) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu")) && "glibc";
  return { os: [os], cpu: [cpu], libc: libc ? [libc] : undefined };
}

/** Whether a package at `path` finds `name`, looking upwards as Node does. */
function resolves(packages, path, name) {
  const parts = path === "" ? [] : path.split("/node_modules/");
  return [...parts.keys(), parts.length].some((depth) => {
    const folder = parts.slice(0, depth).join("/node_modules/");
    return packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined;
  });
}

export function missingFrom({ packages }) {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !resolves(packages, path, name))
      .map(([name, version]) => ({ path: `node_modules/${name}`, name, version, dev, wantedBy: path })),
  );
}

function complete(lock) {
  for (const { path, name, version, dev, wantedBy } of missingFrom(lock)) {
    const platform = platformOf(name);
    if (!platform || !/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`cannot add ${name} ${version} for ${wantedBy}`);
    const { os, cpu, libc } = platform;
    lock.packages[path] = { version, cpu, dev, libc, optional: true, os };
    console.error(`added ${name} ${version}`);
  }
  const byPath = ([a], [b]) => a.localeCompare(b, "en");
  return { ...lock, packages: Object.fromEntries(Object.entries(lock.packages).sort(byPath)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(dirname(dirname(fileURLToPath(import.meta.url))), "package-lock.json");
  writeFileSync(file, `${JSON.stringify(complete(JSON.parse(readFileSync(file, "utf8"))), null, 2)}\n`);
}
