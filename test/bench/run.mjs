/**
 * Measures, and says what came of it; judges nothing: a figure over its limit is printed as such, and only a run that
 * failed ends with a code other than 0.
 *
 *   npm run bench                    every benchmark
 *   npm run bench -- registration    one of them
 *   --quick                          a short run: the figures are rough
 *   --profile                        writes a CPU profile of each server to test/bench/out
 */
import { cpus, loadavg } from "node:os";
import { measureRegistration } from "./registration.mjs";
import { measureTpm } from "./tpm.mjs";

const benchmarks = { registration: measureRegistration, tpm: measureTpm };

function readArguments(argv) {
  const flags = new Set(argv.filter((each) => each.startsWith("--")));
  const names = argv.filter((each) => !each.startsWith("--"));
  const unknown = [
    ...[...flags].filter((each) => each !== "--quick" && each !== "--profile"),
    ...names.filter((each) => !Object.hasOwn(benchmarks, each)),
  ];
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(" ")}; there is ${Object.keys(benchmarks).join(", ")}`);
  return { names, quick: flags.has("--quick"), profile: flags.has("--profile") };
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
