/**
 * Fails when an installed package refuses the Node version that we promise to run on (`engines.node` of package.json).
 * Reads the lock file, which repeats every package's own `engines`.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Exceptions for development packages: path in node_modules → reason. There is no exception for a package that we ship.
 */
const exceptions = new Map([]);

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readJson = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
const numbers = (text) => text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
const compare = (a, b) => [0, 1, 2].map((i) => (a[i] ?? 0) - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;

/** The first version after all versions that `text` covers: 20 → 21, 20.1 → 20.2; a caret keeps the major version. */
function after(text, operator) {
  const parts = numbers(text).filter((part) => part !== undefined);
  const kept = operator === "^" ? 1 : operator === "~" ? Math.min(parts.length, 2) : parts.length;
  return [...parts.slice(0, kept - 1), parts[kept - 1] + 1];
}

function accepts(comparator, version) {
  const [, operator, text] = /^(\^|~|>=|<=|>|<|=|)v?([\dxX*.]+)/.exec(comparator) ?? [];
  if (text === undefined) throw new Error(`cannot read the range "${comparator}"`);
  if (/^[xX*]/.test(text)) return true;
  const low = compare(version, numbers(text)) >= 0;
  if (operator === ">=") return low;
  if (operator === "<") return !low;
  if (operator === ">") return compare(version, after(text, "=")) >= 0;
  const below = compare(version, after(text, operator)) < 0;
  return operator === "<=" ? below : low && below;
}

export function rangeAccepts(range, version) {
  return range.split("||").some((alternative) => {
    const joined = alternative
      .trim()
      .replace(/(\S+)\s+-\s+(\S+)/g, ">=$1 <=$2")
      .replace(/([<>=~^])\s+/g, "$1");
    return joined.split(/\s+/).every((comparator) => comparator === "" || accepts(comparator, numbers(version)));
  });
}

function check() {
  const floor = readJson("package.json").engines.node.replace(/[^\d.]/g, "");
  const packages = Object.entries(readJson("package-lock.json").packages).filter(([, { engines }]) => engines?.node);
  const refusing = packages.filter(([, { engines }]) => !rangeAccepts(engines.node, floor));
  const unexplained = refusing.filter(([path, { dev }]) => !(dev && exceptions.has(path)));
  const stale = [...exceptions.keys()].filter((path) => !refusing.some(([refused]) => refused === path));
  for (const [path, { version, engines }] of unexplained) {
    console.error(`${path} ${version} needs Node ${engines.node}, but we promise ${floor}`);
  }
  for (const path of stale) console.error(`${path} no longer needs its exception`);
  if (unexplained.length + stale.length > 0) process.exitCode = 1;
  else console.error(`${packages.length} packages state an engine; all run on Node ${floor}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) check();
