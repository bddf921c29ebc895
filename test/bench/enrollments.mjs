import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { postgresPrograms, startPostgres } from "../../packages/store/dist/testing/postgres-server.js";

const child = fileURLToPath(new URL("enrollments-child.mjs", import.meta.url));
const sizes = { full: { count: 1_000_000, rounds: 7 }, quick: { count: 100_000, rounds: 3 } };
const few = 1000;

/** One store of one size, in a process and a folder of its own. */
async function measureOne(kind, count, rounds) {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-enrollments-"));
  const server = kind === "postgres" ? await startPostgres(postgresPrograms()) : undefined;
  try {
    const order = { kind, count, rounds, directory: join(folder), url: server?.url };
    const flags = ["--expose-gc", "--max-old-space-size=8192"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, child, JSON.stringify(order)]);
    return JSON.parse(stdout);
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true });
  }
}

const number = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const padded = (cells) => cells.map((cell, n) => (n === 0 ? cell.padEnd(40) : cell.padStart(13))).join("");
const row = (title, unit, of) => (small, large) =>
  padded([`${title}, ${unit}`, number(of(small)), number(of(large)), number(of(large) / of(small))]);

const rows = [
  row("import", "records/s", ({ count, importSeconds }) => count / importSeconds),
  row("memory (RSS) once filled", "MB", ({ memory }) => memory.filled),
  row("memory (RSS) after the rest", "MB", ({ memory }) => memory.after),
  row("look-up, p50", "µs", ({ lookUp }) => lookUp.p50 * 1000),
  row("look-up, p99", "µs", ({ lookUp }) => lookUp.p99 * 1000),
  row("look-up, p99 of processor time", "µs", ({ lookUp }) => lookUp.processor * 1000),
  row("page of 100, p50", "ms", ({ page }) => page.p50),
  row("page of 100, p99", "ms", ({ page }) => page.p99),
  row("page of 100, p99 of processor time", "ms", ({ page }) => page.processor),
  row("counts, p99", "µs", ({ counts }) => counts.p99 * 1000),
  row("search that finds nothing, p50", "ms", ({ search }) => search.p50),
  row("a registration's store work alone, p50", "ms", ({ registration }) => registration.p50),
  row("a registration's store work alone, p99", "ms", ({ registration }) => registration.p99),
  row("that, p99 of processor time", "ms", ({ registration }) => registration.processor),
  row("registrations, 64 in flight", "per s", ({ registrationsPerSecond }) => registrationsPerSecond),
];

async function compare(kind, count, rounds) {
  const small = { count: few, ...(await measureOne(kind, few, rounds)) };
  const large = { count, ...(await measureOne(kind, count, rounds)) };
  const head = padded([kind, few.toLocaleString("en"), count.toLocaleString("en"), "ratio"]);
  return { text: [head, ...rows.map((each) => each(small, large))].join("\n"), large };
}

/** Durable registrations against those of the memory store, and against what the disk can sync. */
function againstMemory(durable, memory) {
  const { registrationsPerSecond, fsyncs } = durable;
  const ofMemory = registrationsPerSecond / memory.registrationsPerSecond;
  return [
    `registrations/s, 64 in flight, ${few.toLocaleString("en")} enrollments: ${number(registrationsPerSecond)} durable,`,
    `${number(memory.registrationsPerSecond)} in memory (ratio ${number(ofMemory)});`,
    `${number(fsyncs)} bare fsyncs/s (${number(registrationsPerSecond / fsyncs)} registrations per fsync)`,
  ].join(" ");
}

/** The cost of more enrollments: every figure with a thousand and with a million, and their ratio. */
export async function measureEnrollments({ quick, count = sizes[quick ? "quick" : "full"].count, postgres, memory }) {
  const { rounds } = sizes[quick ? "quick" : "full"];
  const kinds = ["sqlite", ...(memory ? ["memory"] : []), ...(postgres ? ["postgres"] : [])];
  const texts = [];
  for (const kind of kinds) texts.push((await compare(kind, count, rounds)).text);
  const [durable, forgetful] = [await measureOne("sqlite", few, rounds), await measureOne("memory", few, rounds)];
  return [...texts, againstMemory(durable, forgetful)].join("\n\n");
}
