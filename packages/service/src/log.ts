import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config/config-schema.js";

export type Log = Logger;

/** A log, and the way to write out what is in its hands. */
export interface OpenLog {
  readonly log: Log;
  close(): void;
}

/** Bytes of lines that wait for a disk with room; later ones are dropped. */
const HELD_BACK = 65_536;

/**
 * The log of the service: JSON lines or readable ones, to stderr or a file (mode 0600). Nothing of one registration is
 * above debug, and nothing that is logged holds a key or a token.
 */
export function openLog({ level, format, file }: Config["log"]): OpenLog {
  const target = file === undefined ? 2 : file;
  const stream = destination({
    dest: target,
    sync: true,
    append: true,
    mkdir: true,
    mode: 0o600,
    maxLength: HELD_BACK,
  });
  // A log on a full disk is short of lines; the service goes on, and what could not be written is tried again with the next line.
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

/** A second line of defence: nothing of this is ever passed to the log. */
const redact = ["token", "key", "password", "connectionString", "authorization"];

const names: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "",
  40: "warning: ",
  50: "error: ",
  60: "error: ",
};

/** A JSON line as a person reads it. */
function readable(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const facts = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const stack = typeof err === "object" && err !== null && "stack" in err ? `\n${String(err.stack)}` : "";
  const clock = String(time).slice(11, 19);
  return `${[clock, `${names[Number(level)] ?? ""}${String(msg ?? "")}`, ...facts].join(" ")}${stack}\n`;
}
