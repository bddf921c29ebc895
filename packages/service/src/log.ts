import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config/config-schema.js";

export type Log = Logger;

/** A log, and a function that flushes and closes its file. */
export interface OpenLog {
  readonly log: Log;
  close(): void;
}

/** Bytes of lines that may wait for room on the disk. Later lines are dropped. */
const MAX_WAITING_BYTES = 65_536;

/**
 * The log of the service: JSON lines or readable lines, to stderr or a file (mode 0600). Events of a single
 * registration are logged at debug level only, and no key or token is logged.
 */
export function openLog({ level, format, file }: Config["log"]): OpenLog {
  const target = file === undefined ? 2 : file;
  const stream = destination({
    dest: target,
    sync: true,
    append: true,
    mkdir: true,
    mode: 0o600,
    maxLength: MAX_WAITING_BYTES,
  });
  // On a full disk lines are lost and the service goes on. Lines that could not be written are tried again with the
  // next line.
  stream.on("error", () => undefined);
  const isPretty = (format ?? (file === undefined && process.stderr.isTTY ? "pretty" : "json")) === "pretty";
  const options = { level, base: null, timestamp: stdTimeFunctions.isoTime, redact };
  const log = isPretty
    ? pino(options, { write: (line: string) => void stream.write(readable(line)) })
    : pino(options, stream);
  const close = () => {
    if (file !== undefined) stream.end();
  };
  return { log, close };
}

/** A second line of defence: no such field is ever passed to the log. */
const redact = ["token", "key", "password", "connectionString", "authorization"];

const names: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "",
  40: "warning: ",
  50: "error: ",
  60: "error: ",
};

/** Turns a JSON line into a readable one. */
function readable(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const facts = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const stack = typeof err === "object" && err !== null && "stack" in err ? `\n${String(err.stack)}` : "";
  const clock = String(time).slice(11, 19);
  return `${[clock, `${names[Number(level)] ?? ""}${String(msg ?? "")}`, ...facts].join(" ")}${stack}\n`;
}
