/**
 * Makes the certificates, keys and TPM hints of every fleet in devices/fleets, in certs/<fleet>/. Files that exist
 * and are still valid stay. `npm run certs` compiles first; run alone, this needs the compiled simulator.
 *
 *   node scripts/certs.mjs
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const simulator = join(root, "packages/simulator/dist/index.js");
const fleets = join(root, "devices/fleets");

async function main() {
  if (!existsSync(simulator)) {
    console.error("certs: the simulator is not compiled yet; `npm run certs` does that first");
    process.exitCode = 1;
    return;
  }
  const { FleetFileError, writeFleetCertificates } = await import(pathToFileURL(simulator).href);
  const names = readdirSync(fleets).filter((name) => name.endsWith(".yaml"));
  for (const name of names.sort()) {
    try {
      const { fleet, devices, files, written } = await writeFleetCertificates(join(fleets, name), join(root, "certs"));
      const what = written ? `${files} files written to certs/${fleet}` : `certs/${fleet} is up to date`;
      console.log(`certs: ${fleet}: ${devices} devices, ${what}`);
    } catch (error) {
      console.error(error instanceof FleetFileError ? error.message : error);
      process.exitCode = 1;
    }
  }
}

await main();
