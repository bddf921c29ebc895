/**
 * Measures and prints the figures. A figure over its limit is marked, but only a run that fails ends with an exit code
 * other than 0.
 *
 *   npm run bench                    every benchmark
 *   npm run bench -- registration    one of them
 *   --quick                          a short run: the figures are rough
 *   --profile                        writes a CPU profile of each server to test/bench/out
 *   --count=N                        enrollments: number in the large store (1,000,000)
 *   --memory, --postgres             enrollments: also the memory store, also PostgreSQL
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureEnrollments } from "./enrollments.mjs";
import { measureRegistration } from "./registration.mjs";
import { measureTpm } from "./tpm.mjs";

const benchmarks = { registration: measureRegistration, tpm: measureTpm, enrollments: measureEnrollments };

function readArguments(argv) {
  const { values, positionals: names } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      count: { type: "string" },
      memory: { type: "boolean", default: false },
      postgres: { type: "boolean", default: false },
    },
  });
  const unknown = names.filter((each) => !Object.hasOwn(benchmarks, each));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(" ")}; there is ${Object.keys(benchmarks).join(", ")}`);
  const { count, ...flags } = values;
  if (count !== undefined && !/^[1-9]\d*$/.test(count)) throw new Error(`--count needs a whole number, not ${count}`);
  return { names, ...flags, ...(count !== undefined && { count: Number(count) }) };
}

function describeMachine() {
  const [cpu] = cpus();
  const load = loadavg()[0].toFixed(2);
  return [
    `machine  ${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, load ${load}`,
    `node     ${process.version}, OpenSSL ${process.versions.openssl}`,
    `date     ${new Date().toISOString()}`,
  ].join("\n");
}

async function main() {
  const { names, ...options } = readArguments(process.argv.slice(2));
  process.stdout.write(`${describeMachine()}\n`);
  for (const [name, measure] of Object.entries(benchmarks)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stdout.write(`\n${name}\n`);
    process.stdout.write(`${await measure(options)}\n`);
  }
}

await main();
