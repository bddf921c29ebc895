/**
 * Builds the portal's page with Vite if its inputs changed since the last build.
 *
 *   node scripts/build-portal.mjs
 *
 * Its inputs are its sources, Vite's configuration, the tables of `protocol`, and the packages of the lock file.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const portal = join(root, "packages/portal");
const stampFile = join(root, "node_modules/.cache/rollcall/portal");

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function sourcesHash() {
  const hash = createHash("sha256");
  const files = [
    ...filesUnder(join(portal, "src/page")),
    ...filesUnder(join(root, "packages/protocol/src")),
    join(portal, "vite.config.ts"),
    join(root, "package-lock.json"),
  ];
  for (const file of files) hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

const hash = sourcesHash();
const isBuilt = existsSync(join(portal, "dist/page/index.html"));
if (!isBuilt || !existsSync(stampFile) || readFileSync(stampFile, "utf8") !== hash) {
  const { build } = await import("vite");
  await build({ configFile: join(portal, "vite.config.ts"), logLevel: "warn" });
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
}
