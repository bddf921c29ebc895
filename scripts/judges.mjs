/**
 * Runs the outside judges one after the other, and ends with the verdict of each, the commit, the date, and a line of
 * totals.
 *
 *   node scripts/judges.mjs [--list] [--table FILE] [NAME…]
 *
 *   --list         list the judges without running them
 *   --table FILE   a module that exports other `judges` (default: scripts/judges-table.mjs)
 *
 * Exit code 1 when a judge failed, exceeded its time limit, or printed no totals; 2 for an unknown name.
 */
import { execFileSync, spawn } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const totalsPattern = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;
/** Time for a judge to clean up after its limit, before it is killed. */
const graceMilliseconds = 10_000;

let running;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (running) stop(running, "SIGKILL");
    process.exit(130);
  });
}

/** Stops a judge and its child processes, which form a process group. */
function stop(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

/** Runs a command to its end or to its time limit. Shows its output at once, and keeps the last line. */
function run({ command: [program, ...args], minutes }) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: root, detached: true, stdio: ["ignore", "pipe", "inherit"] });
    running = child;
    let last = "";
    let rest = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop(child, "SIGTERM");
      setTimeout(() => stop(child, "SIGKILL"), graceMilliseconds).unref();
    }, minutes * 60_000);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      process.stdout.write(text);
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      last = lines.findLast((line) => line.trim() !== "") ?? last;
    });
    const end = (code, problem) => {
      clearTimeout(timer);
      running = undefined;
      done({ code, problem, late, last: rest.trim() === "" ? last : rest });
    };
    child.on("error", (error) => end(undefined, error.message));
    child.on("close", (code) => end(code));
  });
}

/** The counts of a judge, with complaints if they are not credible. Such a judge counts as at least one failure. */
function verdictOf({ minutes }, { code, problem, late, last }) {
  const [passed, failed, skipped] = (totalsPattern.exec(last)?.slice(1) ?? []).map(Number);
  const counts = { passed: passed ?? 0, failed: failed ?? 0, skipped: skipped ?? 0 };
  const complaints = [
    problem && `cannot be run: ${problem}`,
    late && `not done after ${minutes} min`,
    !late && !problem && passed === undefined && "ended without a line of totals",
    passed === 0 && failed === 0 && skipped === 0 && "judged nothing",
    !late && !problem && code !== 0 && failed === 0 && `ended with exit code ${code}`,
  ].filter(Boolean);
  const isContent = complaints.length === 0 && counts.failed === 0;
  return { ...counts, failed: isContent ? 0 : Math.max(1, counts.failed), complaints };
}

function lineOf({ name, seconds, verdict }) {
  const { passed, failed, skipped, complaints } = verdict;
  const word = failed > 0 ? "FAILED" : skipped > 0 ? (passed > 0 ? "partly SKIPPED" : "SKIPPED") : "content";
  const why = complaints.length > 0 ? `: ${complaints.join("; ")}` : "";
  return `  ${name}: ${word}, ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s${why}`;
}

/** The judged commit, and whether files differ from it. */
function commit() {
  const git = (...args) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no").trim() !== "";
    return `${git("log", "-1", "--format=%h of %cs").trim()}${changed ? " with changes" : ""}`;
  } catch {
    return "unknown (no git here)";
  }
}

async function judgeAll(judges) {
  const results = [];
  for (const judge of judges) {
    console.log(`\n--- judge ${judge.name}: ${judge.what} (at most ${judge.minutes} min)`);
    const began = Date.now();
    const verdict = verdictOf(judge, await run(judge));
    results.push({ name: judge.name, seconds: Math.round((Date.now() - began) / 1000), verdict });
  }
  const sum = (count) => results.reduce((total, { verdict }) => total + verdict[count], 0);
  const [passed, failed, skipped] = ["passed", "failed", "skipped"].map(sum);
  const code = failed > 0 ? 1 : 0;
  console.log(`\n${"=".repeat(72)}\n${results.map(lineOf).join("\n")}\n${"=".repeat(72)}`);
  console.log(
    `commit ${commit()}, judged ${new Date().toISOString()} on Node ${process.versions.node}, exit code ${code}`,
  );
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  return code;
}

async function main() {
  const options = { list: { type: "boolean" }, table: { type: "string" } };
  const { values, positionals: wanted } = parseArgs({ options, allowPositionals: true });
  const table = values.table ? resolve(values.table) : join(root, "scripts/judges-table.mjs");
  const { judges } = await import(pathToFileURL(table).href);
  const unknown = wanted.filter((name) => !judges.some((judge) => judge.name === name));
  if (unknown.length > 0) {
    console.error(`no judge is named ${unknown.join(", ")}; there are: ${judges.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const chosen = judges.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (!values.list) return judgeAll(chosen);
  for (const { name, what, minutes } of chosen) console.log(`${name}: ${what} (at most ${minutes} min)`);
  return 0;
}

process.exitCode = await main();
